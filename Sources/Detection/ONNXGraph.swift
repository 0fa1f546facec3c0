/// A constant in a graph.
struct ONNXTensor {
  /// Supported element types, numbered as in ONNX.
  enum Element: Int {
    case float32 = 1
    case int64 = 7
  }

  var element: Element
  var shape: [Int]
  /// The numbers of a small tensor, such as a shape or a list of scales; empty for weights.
  var integers: [Int] = []
  var floats: [Float] = []

  /// Tensors up to this many numbers are read, larger ones only checked.
  static let smallCount = 64

  var count: Int { shape.reduce(1, *) }
}

/// The value of a node's attribute.
enum ONNXAttribute {
  case integer(Int)
  case float(Float)
  case text(String)
  case integers([Int])
  case floats([Float])
  case tensor(ONNXTensor)
}

/// One operation.
struct ONNXNode {
  var operation = ""
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [String: ONNXAttribute] = [:]
}

/// The parts of an ONNX file's graph that a detector needs.
///
/// Reading is strict: whatever OpenCV would skip, merge or trust (fields given twice, sizes that differ from the data,
/// data in other files, graphs within graphs) is treated as damage.
struct ONNXGraph {
  var nodes: [ONNXNode] = []
  var constants: [String: ONNXTensor] = [:]
  var inputs: [(name: String, shape: [Int?])] = []
  var outputs: [(name: String, shape: [Int?])] = []

  static let nodeLimit = 20_000

  /// - Throws: `ProtobufDamage` if the bytes are not an ONNX model.
  init(_ file: [UInt8]) throws(ProtobufDamage) {
    var model = ProtobufFields(file, 0..<file.count)
    var graph: Range<Int>?
    while let (number, value) = try model.next() {
      switch number {
      case 1: _ = try value.integer("the format's version")
      case 2...6, 8, 14: break  // producer, operator versions, notes
      case 7:
        guard graph == nil else { throw ProtobufDamage("it contains two graphs") }
        graph = try value.range("the graph")
      default: throw ProtobufDamage("it has field \(number), which no detector has")
      }
    }
    guard let graph else { throw ProtobufDamage("it contains no graph") }
    var fields = ProtobufFields(file, graph)
    while let (number, value) = try fields.next() {
      switch number {
      case 1:
        guard nodes.count < Self.nodeLimit else { throw ProtobufDamage("it has more than \(Self.nodeLimit) nodes") }
        nodes.append(try ONNXNode(file, try value.range("a node")))
      case 2, 10, 13: break  // name, notes, shapes that are computed here
      case 5:
        let (name, tensor) = try ONNXTensor.read(file, try value.range("a tensor"))
        guard !name.isEmpty, constants.updateValue(tensor, forKey: name) == nil else {
          throw ProtobufDamage("two tensors are called '\(name)'")
        }
      case 11: inputs.append(try Self.valueInfo(file, try value.range("an input")))
      case 12: outputs.append(try Self.valueInfo(file, try value.range("an output")))
      default: throw ProtobufDamage("its graph has field \(number), which no detector has")
      }
    }
    // Old files list their weights among the inputs too.
    inputs.removeAll { constants[$0.name] != nil }
  }

  /// Name and shape of an input or output; `nil` for a side that is not fixed.
  private static func valueInfo(
    _ file: [UInt8], _ range: Range<Int>
  ) throws(ProtobufDamage) -> (name: String, shape: [Int?]) {
    var name: String?
    var sides: [Int?]?
    var fields = ProtobufFields(file, range)
    while let (number, value) = try fields.next() {
      switch number {
      case 1 where name == nil: name = try value.text("a name", in: file)
      case 2 where sides == nil: sides = try shape(file, try value.range("a type"))
      case 3: break
      default: throw ProtobufDamage("an input or output has field \(number), which is unknown or given twice")
      }
    }
    guard let name, let sides else { throw ProtobufDamage("an input or output has no name or no type") }
    return (name, sides)
  }

  private static func shape(_ file: [UInt8], _ range: Range<Int>) throws(ProtobufDamage) -> [Int?] {
    let tensor = try only(1, of: file, range, "a type")
    var fields = ProtobufFields(file, tensor)
    var sides: [Int?]?
    while let (number, value) = try fields.next() {
      switch number {
      case 1:
        guard try value.integer("an element type") == 1 else {
          throw ProtobufDamage("an input or output does not hold 32-bit floats")
        }
      case 2 where sides == nil:
        var list: [Int?] = []
        var dimensions = ProtobufFields(file, try value.range("a shape"))
        while let (number, value) = try dimensions.next() {
          guard number == 1, list.count < 8 else { throw ProtobufDamage("a shape has more than 8 sides") }
          var dimension = ProtobufFields(file, try value.range("a side"))
          var side: Int?
          while let (number, value) = try dimension.next() {
            if number == 1 { side = try value.integer("a side") }
          }
          list.append(side)
        }
        sides = list
      default: throw ProtobufDamage("a type has field \(number), which is unknown or given twice")
      }
    }
    return sides ?? []
  }

  /// The range of the only field in a message.
  private static func only(
    _ number: Int, of file: [UInt8], _ range: Range<Int>, _ what: String
  ) throws(ProtobufDamage) -> Range<Int> {
    var fields = ProtobufFields(file, range)
    guard let first = try fields.next(), first.number == number, fields.isAtEnd else {
      throw ProtobufDamage("\(what) is not that of one tensor")
    }
    return try first.value.range(what)
  }
}
