"""What Python programs call: the functions and classes that `import faceswap` offers."""
