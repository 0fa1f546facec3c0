import Foundation

/// A plain pickle of NumPy arrays: a Flax I3D as JAX programs write it, or arrays with PyTorch's names.
///
/// Flax uses nested dictionaries. `params` contains kernels and biases, `batch_stats` the means and variances of batch
/// norms. Names are TensorFlow's, as in `Mixed_3b`, `Branch_1/Conv3d_0b_3x3`, `Conv_0`, `kernel`; kernels are [t, h, w,
/// in, out]. They are returned with PyTorch's names and axes, as views of the same bytes; other names are kept, with
/// their parts joined by `/`.
///
/// - Source: methods.md 1.6.
enum NumPyCheckpoint {
  private static let collections = ["params", "batch_stats"]
  /// Deeper or longer than in any I3D; both limits keep names from growing beyond the size of the file.
  private static let deepest = 8
  private static let longestName = 256

  /// True for a plain pickle: protocol 2 to 5, or a dictionary in protocol 0 or 1.
  static func recognizes(_ bytes: Data) -> Bool {
    guard let first = bytes.first, let second: UInt8 = bytes.integer(at: 1) else { return false }
    if first == 0x80 { return (2...5).contains(second) }
    return bytes.last == UInt8(ascii: ".")
      && (first == UInt8(ascii: "}") || bytes.starts(with: "(d".utf8) || bytes.starts(with: "ccollections\n".utf8))
  }

  static func read(_ file: MappedFile) throws(ModelFileError) -> ([String: CheckpointTensor], location: String) {
    func malformed(_ reason: String) -> ModelFileError { .malformed(path: file.path, reason: reason) }
    let (value, heap, end) = try PickleReader.read(file.bytes, path: file.path)
    guard end == file.bytes.count else {
      throw malformed("\(file.bytes.count - end) bytes follow its pickle")
    }
    guard case .dictionary(let root) = value else {
      throw .unsuitable(
        path: file.path, reason: "its pickle is not a dictionary; `params` and `batch_stats` are needed")
    }
    let isFlax = heap.dictionaries[root].contains { heap.text($0.key).map(collections.contains) ?? false }
    if !isFlax {
      return try StateDictionary.find(value, heap, path: file.path) { storage throws(ModelFileError) in
        throw malformed("its pickle refers to values stored elsewhere; save it with torch.save")
      }
    }
    var tensors: [String: CheckpointTensor] = [:]
    var found: [String] = []
    for (key, value) in heap.dictionaries[root] {
      guard let name = heap.text(key), collections.contains(name), case .dictionary(let collection) = value else {
        continue
      }
      found.append(name)
      for (path, array) in try arrays(in: collection, heap, malformed) {
        let (name, tensor) = published(path, CheckpointTensor(array))
        guard tensors.updateValue(tensor, forKey: name) == nil else {
          throw malformed("\(path.joined(separator: "/")) appears twice")
        }
      }
    }
    guard !tensors.isEmpty else {
      let keys = heap.dictionaries[root].prefix(20).compactMap { heap.text($0.key)?.prefix(64) }
      throw .unsuitable(
        path: file.path,
        reason: "its pickle has no arrays under `params` or `batch_stats`; its keys are "
          + keys.joined(separator: ", "))
    }
    return (tensors, found.joined(separator: " and "))
  }

  /// Every array in a nested dictionary, with the keys that lead to it.
  private static func arrays(
    in root: Int, _ heap: PickleHeap, _ malformed: (String) -> ModelFileError
  ) throws(ModelFileError) -> [(path: [String], array: PickleArray)] {
    var found: [(path: [String], array: PickleArray)] = []
    var seen: Set<Int> = [root]
    var waiting = [(index: root, path: [String]())]
    while let (index, path) = waiting.popLast() {
      for (key, value) in heap.dictionaries[index] {
        guard let name = heap.text(key) else {
          throw malformed("a key under \(path.joined(separator: "/")) is not text")
        }
        let path = path + [name]
        guard path.count <= deepest, path.reduce(0, { $0 + $1.utf8.count }) <= longestName else {
          throw malformed("its dictionaries nest too deeply, or a name is too long, at \(name.prefix(64))")
        }
        switch value {
        case .dictionary(let inner):
          guard seen.insert(inner).inserted else {
            throw malformed("the dictionary \(path.joined(separator: "/")) appears twice")
          }
          waiting.append((inner, path))
        case .array(let array):
          if let problem = heap.arrays[array].problem { throw problem }
          found.append((path, heap.arrays[array]))
        // Counters and settings among the weights.
        default: continue
        }
      }
    }
    return found
  }

  // MARK: TensorFlow's names and axes

  private static let leaves = [
    "Conv_0/kernel": "conv3d.weight", "Conv_0/bias": "conv3d.bias", "BatchNorm_0/scale": "bn.weight",
    "BatchNorm_0/bias": "bn.bias", "BatchNorm_0/mean": "bn.running_mean", "BatchNorm_0/var": "bn.running_var",
  ]

  /// The layer's name and axes as in PyTorch; `PublishedNames` translates the unit's name.
  private static func published(_ path: [String], _ tensor: CheckpointTensor) -> (String, CheckpointTensor) {
    let name = path.joined(separator: "/")
    guard path.count > 2, let leaf = leaves[path.suffix(2).joined(separator: "/")] else { return (name, tensor) }
    let unit = path.dropLast(2).joined(separator: ".").replacing("/", with: ".")
    return ("\(unit).\(leaf)", leaf == "conv3d.weight" ? tensor.outputFirst : tensor.vector)
  }
}

extension CheckpointTensor {
  init(_ array: PickleArray) {
    self.init(
      type: array.type, shape: array.shape, strides: Self.strides(array.shape, firstFastest: array.isFortranOrdered),
      offset: 0, storage: array.content)
  }

  /// Views a kernel [t, h, w, in, out] as [out, in, t, h, w].
  fileprivate var outputFirst: CheckpointTensor {
    guard shape.count == 5 else { return self }
    var turned = self
    turned.shape = [4, 3, 0, 1, 2].map { shape[$0] }
    turned.strides = [4, 3, 0, 1, 2].map { strides[$0] }
    return turned
  }

  /// Views statistics [1, 1, 1, 1, C] as [C].
  fileprivate var vector: CheckpointTensor {
    guard let channels = shape.last, shape.dropLast().allSatisfy({ $0 == 1 }) else { return self }
    var flat = self
    flat.shape = [channels]
    flat.strides = [1]
    return flat
  }
}
