"""The quiz: questions, answers, hints, and what a wrong answer comes from."""
