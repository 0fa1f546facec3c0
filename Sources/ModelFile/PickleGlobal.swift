/// The functions in a pickle that may return tensors or contain them.
enum PickleGlobal: String {
  case orderedDictionary = "collections.OrderedDict"
  case defaultDictionary = "collections.defaultdict"
  case tensor = "torch._utils._rebuild_tensor"
  case tensorVersion2 = "torch._utils._rebuild_tensor_v2"
  case parameter = "torch._utils._rebuild_parameter"
  /// A parameter with additional attributes.
  case parameterWithState = "torch._utils._rebuild_parameter_with_state"
  case size = "torch.Size"
  /// NumPy 1 and NumPy 2 use different modules.
  case arrayCoreOne = "numpy.core.multiarray._reconstruct"
  case arrayCoreTwo = "numpy._core.multiarray._reconstruct"
  /// Arrays in protocol 5.
  case bufferCoreOne = "numpy.core.numeric._frombuffer"
  case bufferCoreTwo = "numpy._core.numeric._frombuffer"
  case arrayClass = "numpy.ndarray"
  case dataType = "numpy.dtype"
  /// Python 3's bytes, up to protocol 2.
  case encode = "_codecs.encode"
  /// Objects, up to protocol 1.
  case reconstructor = "copyreg._reconstructor"
  case reconstructorOfPython2 = "copy_reg._reconstructor"

  /// Storage classes, which are named but never called.
  static let storages: [String: ElementType] = [
    "torch.FloatStorage": .float32, "torch.DoubleStorage": .float64, "torch.HalfStorage": .float16,
    "torch.BFloat16Storage": .bfloat16, "torch.LongStorage": .int64, "torch.IntStorage": .int32,
    "torch.ByteStorage": .uint8, "torch.BoolStorage": .bool,
  ]

  /// Bytes per value in storages that are not read but must be skipped in the older format.
  static let otherStorages: [String: Int] = [
    "torch.CharStorage": 1, "torch.ShortStorage": 2, "torch.ComplexFloatStorage": 8, "torch.ComplexDoubleStorage": 16,
    "torch.QInt8Storage": 1, "torch.QUInt8Storage": 1, "torch.QInt32Storage": 4, "torch.UntypedStorage": 1,
    "torch.storage.UntypedStorage": 1, "torch.storage._UntypedStorage": 1,
  ]
}
