/// The functions that a pickle of weights calls, and the classes it names.
enum PickleGlobal: String {
  case orderedDictionary = "collections.OrderedDict"
  case tensor = "torch._utils._rebuild_tensor"
  case tensorVersion2 = "torch._utils._rebuild_tensor_v2"
  case parameter = "torch._utils._rebuild_parameter"
  case size = "torch.Size"
  /// NumPy 1 and NumPy 2 keep it in different modules.
  case arrayCoreOne = "numpy.core.multiarray._reconstruct"
  case arrayCoreTwo = "numpy._core.multiarray._reconstruct"
  case arrayClass = "numpy.ndarray"
  case dataType = "numpy.dtype"

  /// Classes of storages, which are named but never called.
  static let storages: [String: ElementType] = [
    "torch.FloatStorage": .float32, "torch.DoubleStorage": .float64, "torch.HalfStorage": .float16,
    "torch.BFloat16Storage": .bfloat16, "torch.LongStorage": .int64, "torch.IntStorage": .int32,
    "torch.ByteStorage": .uint8, "torch.BoolStorage": .bool,
  ]
}
