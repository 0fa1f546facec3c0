/// What the calls in a pickle of PyTorch mean.
///
/// - Source: methods.md 1.6.
extension PickleReader {
  /// Python 2 hands the entries over as a list of pairs; Python 3 sets them afterwards.
  mutating func orderedDictionary(_ arguments: [PickleValue], _ at: Int) throws(ModelFileError) -> PickleValue {
    let dictionary = heap.dictionary()
    guard case .dictionary(let index) = dictionary, let pairs = arguments.first else { return dictionary }
    guard arguments.count == 1, let items = heap.items(pairs) else {
      throw malformed("the OrderedDict at byte \(at) is made from something other than pairs")
    }
    try account(forCopied: items.count, at)
    for item in items {
      guard let pair = heap.items(item), pair.count == 2 else {
        throw malformed("the OrderedDict at byte \(at) is made from something other than pairs")
      }
      heap.dictionaries[index].append((pair[0], pair[1]))
    }
    return dictionary
  }

  /// (storage, offset, shape, strides, …); gradients and hooks that may follow are of no use here.
  mutating func tensor(_ arguments: [PickleValue], _ at: Int) throws(ModelFileError) -> PickleValue {
    guard arguments.count >= 4, case .storage(let index) = arguments[0], case .integer(let offset) = arguments[1],
      let shape = heap.shape(arguments[2]), let strides = heap.shape(arguments[3]), shape.count == strides.count,
      offset >= 0, let count = elementCount(shape)
    else { throw malformed("the storage, shape or strides of the tensor at byte \(at) cannot be understood") }
    let storage = heap.storages[index]
    var last = offset
    for (size, stride) in zip(shape, strides) where count > 0 {
      guard stride >= 0, case let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: stride), !overflow,
        case let (sum, tooFar) = last.addingReportingOverflow(reach), !tooFar
      else { throw malformed("the tensor at byte \(at) reaches past any memory") }
      last = sum
    }
    // A stride of 0 must not make much out of little, so a view may not have more values than what it views.
    guard count == 0 || last < storage.count, count <= storage.count else {
      throw malformed("the tensor of shape \(shape) at byte \(at) does not fit its storage of \(storage.count) values")
    }
    return heap.tensor(PickleTensor(storage: storage, offset: offset, shape: shape, strides: strides))
  }

  /// A persistent id: ("storage", type, key, device, count), with a view appended in the older format.
  mutating func storage(_ id: PickleValue, _ at: Int) throws(ModelFileError) -> PickleValue {
    guard case .tuple(let index) = id, case let parts = heap.tuples[index], parts.count >= 5,
      heap.text(parts[0]) == "storage", case .global(let function) = parts[1],
      let type = PickleGlobal.storages[heap.globals[function]], let key = heap.text(parts[2]),
      case .integer(let count) = parts[4], count >= 0
    else { throw refused("its pickle refers at byte \(at) to something that is not a tensor's storage") }
    guard parts.count == 5 || parts[5] == .none else {
      throw refused("the storage \(key) is a view of another; load the file with PyTorch and save it again")
    }
    return heap.storage(PickleStorage(key: key, type: type, count: count))
  }
}
