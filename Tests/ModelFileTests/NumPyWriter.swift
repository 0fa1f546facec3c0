import Foundation

@testable import ModelFile

/// An array for a test's NumPy checkpoint.
struct WrittenArray {
  /// The keys that lead to it.
  var path: [String]
  var shape: [Int]
  var content: Data
  /// NumPy's type code, and its byte order.
  var code = "f4"
  var order = "<"
  var isFortranOrdered = false
}

/// Checkpoints as JAX programs write them: pickles of nested dictionaries of NumPy arrays.
enum NumPyWriter {
  /// The tensors of an I3D under TensorFlow's names and axes.
  static func arrays(_ tensors: [WrittenTensor]) -> [WrittenArray] { tensors.map(array) }

  static func checkpoint(_ arrays: [WrittenArray]) -> Data {
    var pickle = PickleWriter()
    write(arrays[...].map { ($0.path[...], $0) }, to: &pickle)
    pickle.op(".")
    return Data(pickle.bytes)
  }

  private static func write(_ arrays: [(path: ArraySlice<String>, array: WrittenArray)], to pickle: inout PickleWriter)
  {
    pickle.op("}")
    pickle.put()
    for key in Set(arrays.compactMap(\.path.first)).sorted() {
      let inner = arrays.filter { $0.path.first == key }.map { (path: $0.path.dropFirst(), array: $0.array) }
      pickle.text(key)
      if let leaf = inner.first(where: \.path.isEmpty) {
        pickle.array(leaf.array)
      } else {
        write(inner, to: &pickle)
      }
      pickle.op("s")
    }
  }

  private static let branches = [
    "b0": "Branch_0/Conv3d_0a_1x1", "b1a": "Branch_1/Conv3d_0a_1x1", "b1b": "Branch_1/Conv3d_0b_3x3",
    "b2a": "Branch_2/Conv3d_0a_1x1", "b2b": "Branch_2/Conv3d_0b_3x3", "b3b": "Branch_3/Conv3d_0b_1x1",
  ]
  private static let layers = [
    "conv3d.weight": ["Conv_0", "kernel"], "conv3d.bias": ["Conv_0", "bias"], "bn.weight": ["BatchNorm_0", "scale"],
    "bn.bias": ["BatchNorm_0", "bias"], "bn.running_mean": ["BatchNorm_0", "mean"],
    "bn.running_var": ["BatchNorm_0", "var"],
  ]

  private static func array(_ tensor: WrittenTensor) -> WrittenArray {
    let parts = tensor.name.split(separator: ".").map(String.init)
    let leaf = parts.suffix(2).joined(separator: ".")
    var unit = Array(parts.dropLast(2))
    if unit == ["logits"] { unit = ["Logits/Conv3d_0c_1x1"] }
    if unit.count == 2, let branch = branches[unit[1]] { unit[1] = branch }
    let isStatistic = leaf.hasPrefix("bn.running")
    let path = [isStatistic ? "batch_stats" : "params"] + unit + (layers[leaf] ?? [leaf])
    guard tensor.shape.count == 5 else {
      let shape = isStatistic ? [1, 1, 1, 1] + tensor.shape : tensor.shape
      return WrittenArray(path: path, shape: shape, content: ElementType.float32.bytes(tensor.values))
    }
    // [out, in, t, h, w] to [t, h, w, in, out].
    let (outputs, inputs) = (tensor.shape[0], tensor.shape[1])
    let taps = tensor.shape[2] * tensor.shape[3] * tensor.shape[4]
    var values: [Float] = []
    for tap in 0..<taps {
      for input in 0..<inputs {
        for output in 0..<outputs { values.append(tensor.values[(output * inputs + input) * taps + tap]) }
      }
    }
    return WrittenArray(
      path: path, shape: tensor.shape[2...] + [inputs, outputs], content: ElementType.float32.bytes(values))
  }
}

extension PickleWriter {
  mutating func array(_ array: WrittenArray) {
    global("numpy.core.multiarray", "_reconstruct")
    global("numpy", "ndarray")
    tuple([0])
    data(Data("b".utf8))
    raw(0x87)
    op("R")
    op("(")
    integer(1)
    tuple(array.shape)
    global("numpy", "dtype")
    text(array.code)
    raw(0x89, 0x88, 0x87)
    op("R")
    op("(")
    integer(3)
    text(array.order)
    for _ in 0..<3 { op("N") }
    for number in [-1, -1, 0] { integer(number) }
    op("t")
    op("b")
    raw(array.isFortranOrdered ? 0x88 : 0x89)
    data(array.content)
    op("t")
    op("b")
  }
}
