extension ONNXArguments {
  func elementwise(_ attributes: Set<String>) throws(ProtobufDamage) -> [Int] {
    try expect(inputs: 1...1, attributes: attributes)
    for name in attributes { try float(name) }
    return try computed(0)
  }

  /// Combines two values of the same shape, or a value and a constant with one number or one per channel.
  func pairwise() throws(ProtobufDamage) -> [Int] {
    try expect(inputs: 2...2)
    if constant(0) == nil, constant(1) == nil {
      let (left, right) = (try computed(0), try computed(1))
      guard left == right else { throw refused("joins \(shapeText(left)) and \(shapeText(right))") }
      return left
    }
    let isSwapped = constant(0) != nil
    let shape = try computed(isSwapped ? 1 : 0)
    guard let other = constant(isSwapped ? 0 : 1), other.element == .float32, other.shape.count <= shape.count else {
      throw refused("has a constant that does not fit")
    }
    let isChannels = shape.count == 4 && other.shape.suffix(3) == [shape[1], 1, 1] && other.count == shape[1]
    guard other.count == 1 || isChannels else { throw refused("has a constant that does not fit") }
    return shape
  }

  func concatenated() throws(ProtobufDamage) -> [Int] {
    try expect(inputs: 1...64, attributes: ["axis"])
    var shape = try computed(0)
    let axis = try axis(integer("axis", default: 1, in: -8...8), rank: shape.count)
    for index in 1..<max(1, inputCount) {
      var next = try computed(index)
      guard next.count == shape.count else { throw refused("joins values of different ranks") }
      shape[axis] += next[axis]
      next[axis] = shape[axis]
      guard next == shape else { throw refused("joins values of different shapes") }
    }
    return shape
  }

  func sliced() throws(ProtobufDamage) -> [Int] {
    var shape = try computed(0)
    let (starts, ends, axes, steps): ([Int], [Int], [Int], [Int])
    if inputCount == 1 {
      try expect(inputs: 1...1, attributes: ["axes", "ends", "starts"])
      // Before operator version 10 these were attributes; exporters wrote one axis at a time.
      starts = try integers("starts", count: 1, default: nil, in: Int.min...Int.max)
      ends = try integers("ends", count: 1, default: nil, in: Int.min...Int.max)
      axes = try integers("axes", count: 1, default: [0], in: -8...8)
      steps = [1]
    } else {
      try expect(inputs: 3...5)
      (starts, ends) = (try list(1), try list(2))
      axes = isAbsent(3) ? Array(starts.indices) : try list(3)
      steps = isAbsent(4) ? starts.map { _ in 1 } : try list(4)
    }
    guard starts.count == ends.count, axes.count == starts.count, steps.count == starts.count,
      starts.count <= shape.count
    else { throw refused("has lists of different lengths") }
    var seen = Set<Int>()
    for index in starts.indices {
      let axis = try axis(axes[index], rank: shape.count)
      let side = shape[axis]
      func clamped(_ position: Int) -> Int { max(0, min(side, position < 0 ? max(position, -side) + side : position)) }
      let (start, end) = (clamped(starts[index]), clamped(ends[index]))
      // OpenCV stores starts and ends in 32 bits, with the largest number meaning "to the end".
      guard seen.insert(axis).inserted, (1...64).contains(steps[index]), start < end, abs(starts[index] / 2) < 1 << 29,
        ends[index] == Int.max || ends[index] == Int(Int32.max) || abs(ends[index] / 2) < 1 << 29
      else { throw refused("cuts out a part that does not exist") }
      shape[axis] = (end - start + steps[index] - 1) / steps[index]
    }
    return shape
  }

  func transposed() throws(ProtobufDamage) -> [Int] {
    try expect(inputs: 1...1, attributes: ["perm"])
    let shape = try computed(0)
    let order = try integers("perm", count: shape.count, default: Array(shape.indices.reversed()), in: 0...7)
    guard order.sorted() == Array(shape.indices) else { throw refused("has a bad 'perm'") }
    return order.map { shape[$0] }
  }

  func reshaped() throws(ProtobufDamage) -> [Int] {
    try expect(inputs: 2...2, attributes: ["allowzero"])
    _ = try integer("allowzero", default: 0, in: 0...0)
    let shape = try computed(0)
    let count = shape.reduce(1, *)
    var wanted = try list(1)
    for (index, side) in wanted.enumerated() where side == 0 {
      guard index < shape.count else { throw refused("has a shape that does not fit its input") }
      wanted[index] = shape[index]
    }
    let open = wanted.indices.filter { wanted[$0] == -1 }
    var known = 1
    for side in wanted where side != -1 {
      guard (1...count).contains(side), known <= count else {
        throw refused("has a shape that does not fit its input")
      }
      known *= side
    }
    guard open.count <= 1, known <= count, count % known == 0, open.count == 1 || known == count else {
      throw refused("has a shape that does not fit its input")
    }
    if let index = open.first { wanted[index] = count / known }
    return wanted
  }
}
