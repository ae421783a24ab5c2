"""Model files of Keras, TensorFlow, ONNX and PyTorch, each made a `.tflite` by its maintained converter, and checked."""
