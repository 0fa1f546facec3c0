/// Measures how much the picture changes between samples.
package struct MotionMeter: Sendable {
  private var luma: [UInt8]
  private var hasLuma = false

  /// For square pictures with sides of `size` pixels.
  package init(size: Int) {
    luma = [UInt8](repeating: 0, count: size * size)
  }

  /// Mean absolute difference of luma (BT.601) to the previous picture, in levels; 0 for the first.
  package mutating func difference(of picture: [UInt8]) -> Float {
    let pixels = picture.span
    let count = luma.count
    precondition(pixels.count == 3 * count)
    var luma = luma.mutableSpan
    var sum: UInt64 = 0
    for index in 0..<count {
      let (red, green, blue) = (pixels[3 &* index], pixels[3 &* index &+ 1], pixels[3 &* index &+ 2])
      let weighted: Int32 = 77 &* Int32(red) &+ 150 &* Int32(green) &+ 29 &* Int32(blue)
      let value = (weighted &+ 128) &>> 8
      sum &+= UInt64((value &- Int32(luma[index])).magnitude)
      luma[index] = UInt8(truncatingIfNeeded: value)
    }
    let mean = Float(Double(sum) / Double(count))
    defer { hasLuma = true }
    return hasLuma ? mean : 0
  }

  package mutating func reset() { hasLuma = false }
}
