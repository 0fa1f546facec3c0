extension ONNXArguments {
  /// Convolution over height and width; also returns its number of multiplications.
  func convolution() throws(ProtobufDamage) -> (shape: [Int], multiplications: Double) {
    try expect(
      inputs: 2...3, attributes: ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"])
    let input = try computed(0)
    guard input.count == 4, let weights = constant(1), weights.element == .float32, weights.shape.count == 4 else {
      throw refused("does not have an input of four axes and constant weights")
    }
    let group = try integer("group", default: 1, in: 1...65536)
    let outputs = weights.shape[0]
    let kernel = Array(weights.shape[2...])
    guard outputs >= 1, outputs % group == 0, input[1] == weights.shape[1] * group,
      kernel.allSatisfy((1...2048).contains)
    else { throw refused("has weights of shape \(shapeText(weights.shape)) over an input of \(shapeText(input))") }
    guard try integers("kernel_shape", count: 2, default: kernel, in: 1...2048) == kernel else {
      throw refused("has a bad 'kernel_shape'")
    }
    if inputCount == 3 {
      guard let bias = constant(2), bias.element == .float32, bias.shape == [outputs] else {
        throw refused("has a bad bias")
      }
    }
    let sides = try window(input, kernel: kernel, roundsUp: false)
    let products = Double(outputs * weights.shape[1]) * Double(kernel[0] * kernel[1])
    return ([input[0], outputs] + sides, products * Double(input[0]) * Double(sides[0]) * Double(sides[1]))
  }

  func maximum() throws(ProtobufDamage) -> [Int] {
    try expect(
      inputs: 1...1,
      attributes: ["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"])
    let input = try computed(0)
    guard input.count == 4 else { throw refused("does not have an input of four axes") }
    let kernel = try integers("kernel_shape", count: 2, default: nil, in: 1...2048)
    _ = try integer("storage_order", default: 0, in: 0...0)
    _ = try integers("dilations", count: 2, default: [1, 1], in: 1...1)
    let roundsUp = try integer("ceil_mode", default: 0, in: 0...1) == 1
    return try [input[0], input[1]] + window(input, kernel: kernel, roundsUp: roundsUp)
  }

  /// Height and width after sliding a window over a value.
  private func window(_ input: [Int], kernel: [Int], roundsUp: Bool) throws(ProtobufDamage) -> [Int] {
    try text("auto_pad", default: "NOTSET", of: ["NOTSET"])
    let strides = try integers("strides", count: 2, default: [1, 1], in: 1...2048)
    let dilations = try integers("dilations", count: 2, default: [1, 1], in: 1...64)
    let pads = try integers("pads", count: 4, default: [0, 0, 0, 0], in: 0...1024)
    var sides: [Int] = []
    for axis in 0..<2 {
      let extent = dilations[axis] * (kernel[axis] - 1) + 1
      let (front, back) = (pads[axis], pads[axis + 2])
      let rest = input[2 + axis] + front + back - extent
      guard front < extent, back < extent, rest >= 0 else { throw refused("has a window that does not fit its input") }
      sides.append((rest + (roundsUp ? strides[axis] - 1 : 0)) / strides[axis] + 1)
    }
    return sides
  }

  func normalized() throws(ProtobufDamage) -> [Int] {
    try expect(inputs: 5...5, attributes: ["epsilon", "momentum"])
    let input = try computed(0)
    guard input.count == 4 else { throw refused("does not have an input of four axes") }
    for index in 1...4 {
      guard let values = constant(index), values.element == .float32, values.shape == [input[1]] else {
        throw refused("does not have one value per channel")
      }
    }
    try float("epsilon")
    try float("momentum")
    return input
  }

  /// Enlarges by whole factors.
  func resized() throws(ProtobufDamage) -> [Int] {
    try expect(
      inputs: 2...4, attributes: ["coordinate_transformation_mode", "cubic_coeff_a", "mode", "nearest_mode"])
    try text(
      "coordinate_transformation_mode", default: "asymmetric",
      of: ["asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"])
    try float("cubic_coeff_a")
    try text("mode", default: "nearest", of: ["nearest", "linear"])
    try text("nearest_mode", default: "floor", of: ["floor", "round_prefer_floor"])
    let input = try computed(0)
    guard input.count == 4 else { throw refused("does not have an input of four axes") }
    if inputCount > 2, !isAbsent(1) {
      guard let region = constant(1), region.element == .float32, region.count == 0 || region.shape == [8] else {
        throw refused("has a bad region")
      }
    }
    let scales = constant(inputCount == 2 ? 1 : 2)
    if let scales, scales.floats.count == 4, inputCount < 4 || isAbsent(3) {
      let factors = scales.floats.compactMap { Int(exactly: $0) }
      guard factors.count == 4, factors[0] == 1, factors[1] == 1, factors.allSatisfy((1...16).contains) else {
        throw refused("has bad scales")
      }
      return zip(input, factors).map { $0 * $1 }
    }
    guard inputCount == 4, isAbsent(2) || scales?.count == 0 else { throw refused("has no constant scales") }
    let sides = try list(3)
    guard sides.count == 4, sides[0] == input[0], sides[1] == input[1], sides.allSatisfy((1...8192).contains) else {
      throw refused("has bad sizes")
    }
    return sides
  }
}
