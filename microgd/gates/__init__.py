"""The table of gates, a family a file: what each computes, and how gradients pass it backward."""
