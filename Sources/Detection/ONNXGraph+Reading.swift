extension ONNXNode {
  init(_ file: [UInt8], _ range: Range<Int>) throws(ProtobufDamage) {
    var fields = ProtobufFields(file, range)
    while let (number, value) = try fields.next() {
      switch number {
      case 1: inputs.append(try value.text("an input's name", in: file))
      case 2: outputs.append(try value.text("an output's name", in: file))
      case 3: _ = try value.text("a node's name", in: file)
      case 4 where operation.isEmpty: operation = try value.text("an operation", in: file)
      case 5:
        let (name, attribute) = try Self.attribute(file, try value.range("an attribute"))
        guard attributes.updateValue(attribute, forKey: name) == nil else {
          throw ProtobufDamage("a node has attribute '\(name)' twice")
        }
      case 6: break
      case 7:
        let domain = try value.text("an operation's domain", in: file)
        guard domain.isEmpty || domain == "ai.onnx" else {
          throw ProtobufDamage("an operation belongs to '\(domain)', not to ONNX itself")
        }
      default: throw ProtobufDamage("a node has field \(number), which is unknown or given twice")
      }
      guard inputs.count <= 64, outputs.count <= 8, attributes.count <= 32 else {
        throw ProtobufDamage("a node has too many inputs, outputs or attributes")
      }
    }
  }

  private static func attribute(
    _ file: [UInt8], _ range: Range<Int>
  ) throws(ProtobufDamage) -> (String, ONNXAttribute) {
    var (name, kinds) = ("", Set<Int>())
    var (integers, floats): ([Int], [Float]) = ([], [])
    var single: ONNXAttribute?
    var fields = ProtobufFields(file, range)
    while let (number, value) = try fields.next() {
      switch number {
      case 1 where name.isEmpty: name = try value.text("an attribute's name", in: file)
      case 2 where single == nil:
        guard case .fixed32(let bits) = value else { throw ProtobufDamage("'\(name)' is not a float") }
        single = .float(Float(bitPattern: bits))
      case 3 where single == nil: single = .integer(try value.integer("an attribute"))
      case 4 where single == nil: single = .text(try value.text("an attribute", in: file))
      case 5 where single == nil: single = .tensor(try ONNXTensor.read(file, try value.range("an attribute")).tensor)
      case 7: try value.append("an attribute", in: file, to: &floats, limit: 64)
      case 8: try value.append("an attribute", in: file, to: &integers, limit: 64)
      case 13, 20: continue  // notes; the type, which the value's field already implies
      default: throw ProtobufDamage("an attribute has field \(number), which is unknown or given twice")
      }
      if number > 1 { kinds.insert(number) }
    }
    guard !name.isEmpty, kinds.count == 1 else { throw ProtobufDamage("an attribute has no name or no single value") }
    return (name, single ?? (kinds == [7] ? .floats(floats) : .integers(integers)))
  }
}

extension ONNXTensor {
  /// The largest tensor allowed: YOLOX-x has none a tenth as large.
  private static let countLimit = 1 << 27

  /// Reads a tensor whose data is as long as its shape requires.
  static func read(_ file: [UInt8], _ range: Range<Int>) throws(ProtobufDamage) -> (name: String, tensor: ONNXTensor) {
    var (name, type): (String?, Int?)
    var (shape, integers, rawData): ([Int], [Int], Range<Int>?) = ([], [], nil)
    var floatData: [ProtobufFields.Value] = []
    var floatCount = 0
    var fields = ProtobufFields(file, range)
    while let (number, value) = try fields.next() {
      switch number {
      case 1: try value.append("a tensor's shape", in: file, to: &shape, limit: 8)
      case 2 where type == nil: type = try value.integer("a tensor's type")
      case 4:
        if case .bytes(let range) = value {
          guard range.count % 4 == 0 else { throw ProtobufDamage("a tensor ends in the middle of a number") }
          floatCount += range.count / 4
        } else {
          floatCount += 1
        }
        if floatData.count <= smallCount { floatData.append(value) }
      case 7: try value.append("a tensor", in: file, to: &integers, limit: smallCount)
      case 8 where name == nil: name = try value.text("a tensor's name", in: file)
      case 9 where rawData == nil: rawData = try value.range("a tensor's data")
      case 12: break
      case 13: throw ProtobufDamage("its weights are in another file")
      case 14:
        guard try value.integer("a tensor's place") == 0 else {
          throw ProtobufDamage("its weights are in another file")
        }
      default: throw ProtobufDamage("a tensor has field \(number), which is unknown or given twice")
      }
    }
    guard let element = Element(rawValue: type ?? 0) else {
      throw ProtobufDamage("tensor '\(name ?? "")' has element type \(type ?? 0); 32-bit floats are needed")
    }
    var tensor = ONNXTensor(element: element, shape: shape)
    var count = 1
    for side in shape {
      guard (0...countLimit).contains(side) else { throw ProtobufDamage("a tensor's side is \(side)") }
      count *= side
      guard count <= countLimit else { throw ProtobufDamage("a tensor has more than \(countLimit) numbers") }
    }
    let bytes = element == .float32 ? 4 : 8
    let typed = element == .float32 ? floatCount : integers.count
    let other = element == .float32 ? integers.count : floatCount
    let raw = rawData?.count ?? 0
    guard other == 0, raw == 0 || typed == 0, raw == 0 ? typed == count : raw == count * bytes else {
      throw ProtobufDamage("tensor '\(name ?? "")' of shape \(shapeText(shape)) does not have as many numbers")
    }
    guard count <= smallCount else { return (name ?? "", tensor) }
    if let rawData, raw > 0 {
      var numbers = ProtobufFields(file, rawData)
      while !numbers.isAtEnd {
        let bits = try numbers.fixed(bytes)
        if element == .float32 {
          tensor.floats.append(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        } else {
          tensor.integers.append(Int(Int64(bitPattern: bits)))
        }
      }
    } else {
      tensor.integers = integers
      for value in floatData { try value.append("a tensor", in: file, to: &tensor.floats, limit: smallCount) }
    }
    return (name ?? "", tensor)
  }
}

/// "1x3x416x416".
func shapeText(_ shape: [Int]) -> String { shape.isEmpty ? "none" : shape.map(String.init).joined(separator: "x") }
