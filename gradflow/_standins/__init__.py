"""Layer 3: what stands for an array while a function is run: text, symbols, and many arrays as one."""
