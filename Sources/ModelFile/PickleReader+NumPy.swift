import Foundation

/// Interprets the calls in a pickle of NumPy arrays.
///
/// NumPy first creates an empty array, `_reconstruct(ndarray, (0,), b"b")`, and then sets its state; in protocol 5 it
/// calls `_frombuffer(bytes, dtype, shape, order)`. A data type is created from its code, as in `dtype("f4", False,
/// True)`, and then gets its byte order.
///
/// - Source: `array_reduce`, `array_setstate` and `arraydescr_reduce` in NumPy's `numpy/_core/src/multiarray`.
extension PickleReader {
  /// The supported data type codes: kind and bytes per value.
  private static let types: [String: ElementType] = [
    "f8": .float64, "f4": .float32, "f2": .float16, "i8": .int64, "i4": .int32, "u1": .uint8, "b1": .bool,
  ]

  mutating func array(_ arguments: [PickleValue]) throws(ModelFileError) -> PickleValue {
    guard arguments.count == 3, case .global(let index) = arguments[0],
      heap.globals[index] == PickleGlobal.arrayClass.rawValue
    else { return .opaque }
    return try add(PickleArray())
  }

  private mutating func add(_ array: PickleArray) throws(ModelFileError) -> PickleValue {
    try take(512)
    heap.arrays.append(array)
    return .array(heap.arrays.count - 1)
  }

  mutating func dataType(_ arguments: [PickleValue], _ at: Int) throws(ModelFileError) -> PickleValue {
    guard let code = arguments.first.flatMap(heap.text) else { return .opaque }
    try take(256)
    var type = PickleDataType(type: Self.types[code])
    if type.type == nil {
      type.problem = refused(
        "its pickle has an array of type \(code.prefix(32)) at byte \(at); supported are "
          + Self.types.keys.sorted().joined(separator: ", "))
    }
    heap.dataTypes.append(type)
    return .dataType(heap.dataTypes.count - 1)
  }

  /// (version, byte order, sub-array, names, fields, …); the last three are for records and `None` for numbers.
  mutating func check(dataType index: Int, state: PickleValue) {
    guard heap.dataTypes[index].problem == nil else { return }
    guard case .tuple(let tuple) = state, case let parts = heap.tuples[tuple], parts.count >= 5,
      let order = heap.text(parts[1])
    else {
      heap.dataTypes[index].problem = malformed("the state of a data type is invalid")
      return
    }
    if !parts[2...4].allSatisfy({ $0 == .none }) {
      heap.dataTypes[index].problem = refused(
        "its pickle has an array of records; only arrays of numbers are supported")
    } else if order != "<", order != "|" {
      // A bar means that single bytes have no order, an equals sign means the writer's own order.
      heap.dataTypes[index].problem = .unsuitable(
        path: path, reason: "an array has byte order '\(order.prefix(8))'; save it again as little-endian ('<')")
    }
  }

  /// (version, shape, data type, Fortran order, bytes).
  mutating func setState(of index: Int, _ state: PickleValue) throws(ModelFileError) {
    guard case .tuple(let tuple) = state, case let parts = heap.tuples[tuple], parts.count == 5,
      parts[0] == .integer(1), case .bool(let isFortranOrdered) = parts[3]
    else {
      heap.arrays[index].problem = malformed("the shape or type of the array at byte \(position) is invalid")
      return
    }
    try take(heap.cost(ofContent: parts[4]))
    heap.arrays[index] = array(parts[1], parts[2], isFortranOrdered, parts[4], position)
  }

  /// (bytes, data type, shape, order).
  mutating func arrayOfBuffer(_ arguments: [PickleValue], _ at: Int) throws(ModelFileError) -> PickleValue {
    guard arguments.count >= 4, let order = heap.text(arguments[3]), order == "C" || order == "F" else {
      return .opaque
    }
    try take(heap.cost(ofContent: arguments[0]))
    return try add(array(arguments[2], arguments[1], order == "F", arguments[0], at))
  }

  private func array(
    _ shape: PickleValue, _ type: PickleValue, _ isFortranOrdered: Bool, _ content: PickleValue, _ at: Int
  ) -> PickleArray {
    var array = PickleArray(isFortranOrdered: isFortranOrdered)
    guard let shape = heap.shape(shape), let count = elementCount(shape), case .dataType(let index) = type else {
      array.problem = malformed("the shape or type of the array at byte \(at) is invalid")
      return array
    }
    guard heap.dataTypes[index].problem == nil, let type = heap.dataTypes[index].type else {
      array.problem = heap.dataTypes[index].problem
      return array
    }
    (array.type, array.shape) = (type, shape)
    let bytes = heap.content(content)
    let (length, overflow) = count.multipliedReportingOverflow(by: type.size)
    guard let bytes, !overflow, bytes.count == length else {
      array.problem = malformed(
        "the array of shape \(shape) at byte \(at) has \(bytes.map { "\($0.count) bytes" } ?? "no bytes") for its \(count) "
          + "values of \(type.size) bytes")
      return array
    }
    array.content = bytes
    return array
  }

  /// Bytes as Latin-1 text: (text, "latin1").
  mutating func encoded(_ arguments: [PickleValue]) throws(ModelFileError) -> PickleValue {
    guard arguments.count == 2, case .text(let position) = arguments[0],
      ["latin1", "latin-1"].contains(heap.text(arguments[1])), let text = PickleText(heap.bytes, at: position)
    else { return .opaque }
    try take(text.end - position + 64)
    guard let bytes = text.latin else { return .opaque }
    heap.decoded.append(bytes)
    return .decoded(heap.decoded.count - 1)
  }
}
