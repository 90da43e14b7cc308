"""The language: text ↔ graph. A safe parser (nothing is ever executed) and a printer."""
