/// A node's arguments, as the operations read them.
struct ONNXArguments {
  let operation: String
  private let node: ONNXNode
  private let constants: [String: ONNXTensor]
  private let shapes: [String: [Int]]

  init(_ node: ONNXNode, constants: [String: ONNXTensor], shapes: [String: [Int]]) {
    operation = node.operation
    (self.node, self.constants, self.shapes) = (node, constants, shapes)
  }

  var inputCount: Int { node.inputs.count }

  func refused(_ what: String) -> ProtobufDamage { ProtobufDamage("a node of kind \(operation) \(what)") }

  /// Checks the number of inputs, and that only known attributes are present.
  func expect(inputs: ClosedRange<Int>, attributes: Set<String> = []) throws(ProtobufDamage) {
    guard inputs.contains(inputCount) else { throw refused("has \(inputCount) inputs") }
    if let unknown = node.attributes.keys.sorted().first(where: { !attributes.contains($0) }) {
      throw refused("has the attribute '\(unknown)', which is not supported")
    }
  }

  /// The shape of a computed input.
  func computed(_ index: Int) throws(ProtobufDamage) -> [Int] {
    guard index < inputCount, let shape = shapes[node.inputs[index]] else {
      throw refused("has an input that nothing computes")
    }
    return shape
  }

  /// A constant input; `nil` if it is not constant or absent.
  func constant(_ index: Int) -> ONNXTensor? { index < inputCount ? constants[node.inputs[index]] : nil }

  func isAbsent(_ index: Int) -> Bool { index >= inputCount || node.inputs[index].isEmpty }

  func integer(_ name: String, default value: Int, in range: ClosedRange<Int>) throws(ProtobufDamage) -> Int {
    guard let attribute = node.attributes[name] else { return value }
    guard case .integer(let number) = attribute, range.contains(number) else {
      throw refused("has an unsupported '\(name)'")
    }
    return number
  }

  func integers(
    _ name: String, count: Int, default value: [Int]?, in range: ClosedRange<Int>
  ) throws(ProtobufDamage) -> [Int] {
    guard let attribute = node.attributes[name] else {
      guard let value else { throw refused("has no '\(name)'") }
      return value
    }
    guard case .integers(let numbers) = attribute, numbers.count == count, numbers.allSatisfy(range.contains) else {
      throw refused("has an unsupported '\(name)'")
    }
    return numbers
  }

  func text(_ name: String, default value: String, of choices: Set<String>) throws(ProtobufDamage) {
    guard let attribute = node.attributes[name] else {
      guard choices.contains(value) else { throw refused("has no '\(name)'") }
      return
    }
    guard case .text(let text) = attribute, choices.contains(text) else {
      throw refused("has an unsupported '\(name)'")
    }
  }

  func float(_ name: String) throws(ProtobufDamage) {
    guard let attribute = node.attributes[name] else { return }
    guard case .float(let number) = attribute, number.isFinite else { throw refused("has an unsupported '\(name)'") }
  }

  /// A short list of whole numbers given as an input.
  func list(_ index: Int) throws(ProtobufDamage) -> [Int] {
    guard let tensor = constant(index), tensor.element == .int64, tensor.shape.count == 1, !tensor.integers.isEmpty,
      tensor.integers.count <= 8
    else { throw refused("has an input \(index + 1) that is not a constant list of whole numbers") }
    return tensor.integers
  }

  /// The axis, counted from the front.
  func axis(_ axis: Int, rank: Int) throws(ProtobufDamage) -> Int {
    guard (-rank..<rank).contains(axis) else { throw refused("has a bad axis") }
    return axis < 0 ? axis + rank : axis
  }
}
