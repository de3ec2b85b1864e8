"""How text becomes vectors: which model a folder holds, its forward pass, pooling, and its pace."""
