/// What the calls in a pickle of NumPy arrays mean.
///
/// NumPy makes an empty array first, `_reconstruct(ndarray, (0,), b"b")`, and gives it its state afterwards. A data type is
/// made from its code, as in `dtype("f4", False, True)`, and given its byte order.
///
/// - Source: `array_reduce`, `array_setstate` and `arraydescr_reduce` in NumPy's `numpy/_core/src/multiarray`.
extension PickleReader {
  /// The codes of data types that are read: kind and bytes of one value.
  private static let types: [String: ElementType] = [
    "f8": .float64, "f4": .float32, "f2": .float16, "i8": .int64, "i4": .int32, "u1": .uint8, "b1": .bool,
  ]

  mutating func array(_ arguments: [PickleValue], _ at: Int) throws(ModelFileError) -> PickleValue {
    guard arguments.count == 3, case .global(let index) = arguments[0],
      heap.globals[index] == PickleGlobal.arrayClass.rawValue
    else { throw malformed("the array at byte \(at) is made from something other than numpy.ndarray") }
    return heap.array()
  }

  mutating func dataType(_ arguments: [PickleValue], _ at: Int) throws(ModelFileError) -> PickleValue {
    guard let code = arguments.first.flatMap(heap.text) else {
      throw malformed("the data type at byte \(at) has no code")
    }
    guard let type = Self.types[code] else {
      throw refused(
        "its pickle has an array of type \(code.prefix(32)) at byte \(at); known are "
          + Self.types.keys.sorted().joined(separator: ", "))
    }
    return .dataType(type)
  }

  /// (version, byte order, sub-array, names, fields, …); the last three belong to records and are `None` for numbers.
  func check(dataTypeState state: PickleValue, _ at: Int) throws(ModelFileError) {
    guard case .tuple(let index) = state, case let parts = heap.tuples[index], parts.count >= 5,
      let order = heap.text(parts[1])
    else { throw malformed("the state of the data type at byte \(at) cannot be understood") }
    guard parts[2...4].allSatisfy({ $0 == .none }) else {
      throw refused("its pickle has an array of records at byte \(at); arrays of numbers are read")
    }
    // A bar stands where one byte has no order, an equals sign for the writer's own order.
    guard order == "<" || order == "|" else {
      throw .unsuitable(
        path: path, reason: "an array has byte order '\(order.prefix(8))'; save it again as little-endian ('<')")
    }
  }

  /// (version, shape, data type, Fortran order, bytes).
  func array(state: PickleValue, _ at: Int) throws(ModelFileError) -> PickleArray {
    guard case .tuple(let index) = state, case let parts = heap.tuples[index], parts.count == 5,
      parts[0] == .integer(1), let shape = heap.shape(parts[1]), let count = elementCount(shape),
      case .dataType(let type) = parts[2], case .bool(let isFortranOrdered) = parts[3]
    else { throw malformed("the shape or type of the array at byte \(at) cannot be understood") }
    guard case .data(let content) = parts[4], case let bytes = heap.data[content],
      case let (length, overflow) = count.multipliedReportingOverflow(by: type.size), !overflow, bytes.count == length
    else {
      var found = "no bytes"
      if case .data(let content) = parts[4] { found = "\(heap.data[content].count) bytes" }
      throw malformed(
        "the array of shape \(shape) at byte \(at) has \(found) for its \(count) values of \(type.size) bytes")
    }
    return PickleArray(type: type, shape: shape, isFortranOrdered: isFortranOrdered, content: bytes)
  }
}
