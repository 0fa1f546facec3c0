import Foundation

/// Finds the state dictionary in a checkpoint's pickle.
///
/// Training loops wrap it, `{"epoch": 12, "state_dict": {…}, "optimizer": {…}}`, sometimes several times, or save the
/// whole module.
enum StateDictionary {
  /// How deep wrappers are searched.
  private static let deepest = 8
  /// How deep modules may be nested.
  private static let deepestModule = 32
  private static let longestName = 256
  /// Customary keys, in order of preference if several dictionaries contain tensors.
  private static let customary = [
    "state_dict", "model_state_dict", "model_state", "model", "student", "net", "network", "module", "backbone",
  ]

  private struct Candidate {
    var location: [String]
    /// Tensors and arrays.
    var tensors: [(name: String, value: PickleValue)] = []

    var rank: Int { location.last.flatMap(customary.firstIndex) ?? customary.count }
  }

  /// - Parameters:
  ///   - value: the pickle's value.
  ///   - heap: the objects it refers to.
  ///   - path: the file's name in messages.
  ///   - content: returns the bytes of a storage.
  /// - Returns: its tensors by name, and the keys that lead to it.
  /// - Throws: `ModelFileError` if there is none or a tensor is larger than its storage.
  static func find(
    _ value: PickleValue, _ heap: PickleHeap, path: String, content: (PickleStorage) throws(ModelFileError) -> Data
  ) throws(ModelFileError) -> ([String: CheckpointTensor], location: String) {
    guard let root = heap.entries(value) else {
      throw .unsuitable(
        path: path,
        reason: "it holds no state dictionary; save one in Python: torch.save(model.state_dict(), \"weights.pt\")")
    }
    let candidates = candidates(from: root, heap)
    // Optimisers store tensors too; a network's dictionary is the one that contains the stem.
    let networks = candidates.filter { $0.tensors.contains { PublishedNames.isStem($0.name) } }
    guard let chosen = (networks.isEmpty ? candidates : networks).min(by: { $0.rank < $1.rank }) else {
      let keys = heap.dictionaries[root].prefix(20).compactMap { heap.text($0.key)?.prefix(64) }
      throw .unsuitable(
        path: path, reason: "it holds no tensors by name; its keys are \(keys.joined(separator: ", "))")
    }
    var tensors: [String: CheckpointTensor] = [:]
    for (name, value) in chosen.tensors {
      let tensor = try tensor(value, heap, name: name, path: path, content: content)
      guard tensors.updateValue(tensor, forKey: name) == nil else {
        throw .malformed(path: path, reason: "\(name) appears twice")
      }
    }
    return (tensors, chosen.location.joined(separator: "."))
  }

  private static func tensor(
    _ value: PickleValue, _ heap: PickleHeap, name: String, path: String,
    content: (PickleStorage) throws(ModelFileError) -> Data
  ) throws(ModelFileError) -> CheckpointTensor {
    switch value {
    case .array(let index):
      if let problem = heap.arrays[index].problem { throw problem }
      return CheckpointTensor(heap.arrays[index])
    case .tensor(let index):
      let tensor = heap.tensors[index]
      if let problem = tensor.problem { throw problem }
      let storage = heap.storages[tensor.storage]
      let bytes = try content(storage)
      guard let type = storage.type, bytes.count / type.size >= storage.count else {
        throw .malformed(
          path: path, reason: "\(name) has \(bytes.count) bytes instead of the \(storage.count) values it claims")
      }
      return CheckpointTensor(
        type: type, shape: tensor.shape, strides: tensor.strides, offset: tensor.offset, storage: bytes)
    default: preconditionFailure("candidates have tensors and arrays only")
    }
  }

  private static func candidates(from root: Int, _ heap: PickleHeap) -> [Candidate] {
    var found: [Candidate] = []
    var seen: Set<Int> = [root]
    var level = [(index: root, location: [String]())]
    for _ in 0...deepest {
      var next: [(index: Int, location: [String])] = []
      for (index, location) in level {
        var candidate = Candidate(location: location)
        if isModule(index, heap) {
          candidate.tensors = tensors(ofModule: index, heap)
        } else {
          for (key, value) in heap.dictionaries[index] {
            guard let name = heap.text(key), name.utf8.count <= longestName else { continue }
            if isTensor(value) { candidate.tensors.append((name, value)) }
            if let inner = heap.entries(value), seen.insert(inner).inserted { next.append((inner, location + [name])) }
          }
        }
        if !candidate.tensors.isEmpty { found.append(candidate) }
      }
      level = next
    }
    return found
  }

  private static func isTensor(_ value: PickleValue) -> Bool {
    switch value {
    case .tensor, .array: true
    default: false
    }
  }

  /// True for the attributes of a `torch.nn.Module`.
  private static func isModule(_ index: Int, _ heap: PickleHeap) -> Bool {
    heap.dictionaries[index].contains { heap.text($0.key) == "_parameters" }
  }

  /// What `state_dict()` would return: parameters and buffers of a module and its submodules.
  private static func tensors(ofModule root: Int, _ heap: PickleHeap) -> [(name: String, value: PickleValue)] {
    var found: [(name: String, value: PickleValue)] = []
    var seen: Set<Int> = [root]
    var waiting = [(index: root, prefix: "", depth: 0)]
    while let (index, prefix, depth) = waiting.popLast() {
      for (key, value) in heap.dictionaries[index] {
        guard let part = heap.text(key), let entries = heap.entries(value) else { continue }
        for (key, value) in heap.dictionaries[entries] where ["_parameters", "_buffers", "_modules"].contains(part) {
          guard let name = heap.text(key), prefix.utf8.count + name.utf8.count <= longestName else { continue }
          if part != "_modules" {
            if isTensor(value) { found.append((prefix + name, value)) }
          } else if let inner = heap.entries(value), depth < deepestModule, seen.insert(inner).inserted {
            waiting.append((inner, prefix + name + ".", depth + 1))
          }
        }
      }
    }
    return found
  }
}
