"""What ``gradflow.numpy`` is made of; it is empty, so that the functions over Tensors do not import NumPy's class."""
