import Foundation

/// Interprets the calls in a PyTorch pickle.
///
/// - Source: methods.md 1.6.
extension PickleReader {
  /// Python 2 passes the entries as a list of pairs; Python 3 sets them afterwards.
  mutating func orderedDictionary(_ arguments: [PickleValue]) throws(ModelFileError) -> PickleValue {
    let value = try dictionary()
    guard case .dictionary(let index) = value, let pairs = arguments.first, let items = heap.items(pairs) else {
      return value
    }
    // Counted even if nothing is kept, because the same list may be passed again and again.
    try take(48 * items.count)
    for item in items {
      guard let pair = heap.items(item), pair.count == 2 else { continue }
      try set(pair[0], pair[1], in: index)
    }
    return value
  }

  /// (storage, offset, shape, strides, …); gradients and hooks may follow and are ignored.
  mutating func tensor(_ arguments: [PickleValue], _ at: Int) throws(ModelFileError) -> PickleValue {
    guard let first = arguments.first, case .storage(let index) = first else { return .opaque }
    try take(512)
    var tensor = PickleTensor(storage: index)
    tensor.problem = fill(&tensor, arguments, at)
    heap.tensors.append(tensor)
    return .tensor(heap.tensors.count - 1)
  }

  /// - Returns: why the tensor cannot be used; `nil` if it can.
  private func fill(_ tensor: inout PickleTensor, _ arguments: [PickleValue], _ at: Int) -> ModelFileError? {
    guard arguments.count >= 4, case .integer(let offset) = arguments[1],
      let shape = heap.shape(arguments[2]), let strides = heap.shape(arguments[3]), shape.count == strides.count,
      offset >= 0, let count = elementCount(shape)
    else { return malformed("the storage, shape or strides of the tensor at byte \(at) are invalid") }
    let storage = heap.storages[tensor.storage]
    guard storage.type != nil else {
      return refused("the tensor at byte \(at) has values of an unsupported type; save it as float32")
    }
    var last = offset
    for (size, stride) in zip(shape, strides) where count > 0 {
      guard stride >= 0, case let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: stride), !overflow,
        case let (sum, tooFar) = last.addingReportingOverflow(reach), !tooFar
      else { return malformed("the tensor at byte \(at) reaches beyond any memory") }
      last = sum
    }
    // A stride of 0 must not turn little into much, so a view may not have more values than its storage.
    guard count == 0 || last < storage.count, count <= storage.count else {
      return malformed("the tensor of shape \(shape) at byte \(at) does not fit its storage of \(storage.count) values")
    }
    (tensor.offset, tensor.shape, tensor.strides) = (offset, shape, strides)
    return nil
  }

  /// A persistent id: ("storage", type, key, device, count), with a view appended in the older format.
  ///
  /// Others are classes with their source code, when the older format contains a whole module.
  mutating func storage(_ id: PickleValue) throws(ModelFileError) -> PickleValue {
    guard case .tuple(let index) = id, case let parts = heap.tuples[index] else { return .opaque }
    if parts.count >= 2, heap.text(parts[0]) == "module" { return parts[1] }
    guard parts.count >= 5, heap.text(parts[0]) == "storage", case .global(let function) = parts[1],
      let key = heap.text(parts[2]), case .integer(let count) = parts[4], count >= 0
    else { return .opaque }
    let name = heap.globals[function]
    let type = PickleGlobal.storages[name]
    guard let size = type?.size ?? PickleGlobal.otherStorages[name] else { return .opaque }
    guard parts.count == 5 || parts[5] == .none else {
      throw refused("the storage \(key) is a view of another; load the file with PyTorch and save it again")
    }
    try take(160 + 4 * key.utf8.count)
    heap.storages.append(PickleStorage(key: key, type: type, size: size, count: count))
    return .storage(heap.storages.count - 1)
  }
}
