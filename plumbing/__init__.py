"""Layer 0: rows, seconds and addresses. It knows no word of ours."""
