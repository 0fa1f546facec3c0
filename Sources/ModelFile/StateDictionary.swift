import Foundation

/// Finds the state dictionary in what a checkpoint's pickle holds.
///
/// Files of training loops wrap it: `{"epoch": 12, "state_dict": {…}, "optimizer": {…}}`.
enum StateDictionary {
  /// Wrappers are looked into this deep.
  private static let deepest = 3
  /// Customary keys, in order of preference when several dictionaries hold tensors.
  private static let customary = ["state_dict", "model_state_dict", "model", "student", "net"]

  private struct Candidate {
    var location: [String]
    var tensors: [(name: String, tensor: PickleTensor)]

    var rank: Int { location.last.flatMap(customary.firstIndex) ?? customary.count }
  }

  /// - Parameters:
  ///   - value: the pickle's value.
  ///   - heap: the objects it refers to.
  ///   - path: the file's name in messages.
  ///   - content: the bytes of a storage.
  /// - Returns: its tensors by name, and the keys that lead to it.
  /// - Throws: `ModelFileError` when there is none or a tensor is larger than its storage.
  static func find(
    _ value: PickleValue, _ heap: PickleHeap, path: String, content: (PickleStorage) throws(ModelFileError) -> Data
  ) throws(ModelFileError) -> ([String: CheckpointTensor], location: String) {
    guard case .dictionary(let root) = value else {
      throw .unsuitable(
        path: path,
        reason: "it holds no state dictionary; save one in Python: torch.save(model.state_dict(), \"weights.pt\")")
    }
    let candidates = candidates(from: root, heap)
    // Optimisers keep tensors as well; a network's dictionary is the one with the stem in it.
    let networks = candidates.filter { $0.tensors.contains { $0.name.hasSuffix(StudentImport.stem) } }
    guard let chosen = (networks.isEmpty ? candidates : networks).min(by: { $0.rank < $1.rank }) else {
      let keys = heap.dictionaries[root].prefix(20).compactMap { heap.text($0.key) }
      throw .unsuitable(
        path: path, reason: "it holds no tensors by name; its keys are \(keys.joined(separator: ", "))")
    }
    var tensors: [String: CheckpointTensor] = [:]
    for (name, tensor) in chosen.tensors {
      let storage = try content(tensor.storage)
      guard storage.count / tensor.storage.type.size >= tensor.storage.count else {
        throw .malformed(
          path: path,
          reason: "\(name) has \(storage.count) bytes instead of the \(tensor.storage.count) values it claims")
      }
      let entry = CheckpointTensor(
        type: tensor.storage.type, shape: tensor.shape, strides: tensor.strides, offset: tensor.offset, storage: storage
      )
      guard tensors.updateValue(entry, forKey: name) == nil else {
        throw .malformed(path: path, reason: "\(name) appears twice")
      }
    }
    return (tensors, chosen.location.joined(separator: "."))
  }

  private static func candidates(from root: Int, _ heap: PickleHeap) -> [Candidate] {
    var found: [Candidate] = []
    var seen: Set<Int> = [root]
    var level = [(index: root, location: [String]())]
    for _ in 0...deepest {
      var next: [(index: Int, location: [String])] = []
      for (index, location) in level {
        var candidate = Candidate(location: location, tensors: [])
        for (key, value) in heap.dictionaries[index] {
          guard let name = heap.text(key) else { continue }
          switch value {
          case .tensor(let tensor): candidate.tensors.append((name, heap.tensors[tensor]))
          case .dictionary(let inner) where seen.insert(inner).inserted: next.append((inner, location + [name]))
          default: break
          }
        }
        if !candidate.tensors.isEmpty { found.append(candidate) }
      }
      level = next
    }
    return found
  }
}
