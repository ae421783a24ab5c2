"""Model files of Keras, TensorFlow, ONNX and PyTorch, made `.tflite` by maintained converters, and checked."""
