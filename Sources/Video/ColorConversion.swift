internal import Glibc  // `rounded()` calls libm, which only this import links

/// Converts one frame's YUV values to RGB in fixed point.
///
/// Inputs are in units of 1/128 level, so that resampled values are rounded only once, at the end.
///
/// - Source: ITU-R BT.601-7 §2.5 and BT.709-6 §3; full range as in JFIF 1.02.
struct ColorConversion: Sendable {
  /// Fractional bits of the inputs.
  static let valueBits: Int32 = 7
  private static let coefficientBits: Int32 = 14

  private let black: Int32
  private let luma: Int32
  private let redFromV: Int32
  private let greenFromU: Int32
  private let greenFromV: Int32
  private let blueFromU: Int32

  init(_ color: ColorDescription) {
    let (red, blue) = color.matrix == .bt601 ? (0.299, 0.114) : (0.2126, 0.0722)
    let green = 1 - red - blue
    let lumaScale = color.range == .limited ? 255.0 / 219.0 : 1
    let chromaScale = color.range == .limited ? 255.0 / 224.0 : 1
    func fixed(_ value: Double) -> Int32 { Int32((value * Double(1 << Self.coefficientBits)).rounded()) }
    black = color.range == .limited ? 16 << Self.valueBits : 0
    luma = fixed(lumaScale)
    redFromV = fixed(2 * (1 - red) * chromaScale)
    greenFromU = fixed(-2 * (1 - blue) * blue / green * chromaScale)
    greenFromV = fixed(-2 * (1 - red) * red / green * chromaScale)
    blueFromU = fixed(2 * (1 - blue) * chromaScale)
  }

  /// Writes one row of interleaved RGB, starting at `begin`, from rows of Y, U and V.
  func convert(y: Span<Int32>, u: Span<Int32>, v: Span<Int32>, into pixels: inout MutableSpan<UInt8>, at begin: Int) {
    let middle: Int32 = 128 << Self.valueBits
    let count = y.count
    precondition(u.count == count && v.count == count && pixels.count >= begin + 3 * count)
    for x in 0..<count {
      // At most 2^30.2, so it fits into 32 bits.
      let grey = luma &* (y[x] &- black) &+ (1 << (Self.valueBits + Self.coefficientBits - 1))
      let (du, dv) = (u[x] &- middle, v[x] &- middle)
      pixels[begin &+ 3 &* x] = level(grey &+ redFromV &* dv)
      pixels[begin &+ 3 &* x &+ 1] = level(grey &+ greenFromU &* du &+ greenFromV &* dv)
      pixels[begin &+ 3 &* x &+ 2] = level(grey &+ blueFromU &* du)
    }
  }

  /// Writes one row of interleaved RGB, starting at `begin`, from a row of Y only.
  func convert(y: Span<Int32>, into pixels: inout MutableSpan<UInt8>, at begin: Int) {
    precondition(pixels.count >= begin + 3 * y.count)
    for x in 0..<y.count {
      let grey = level(luma &* (y[x] &- black) &+ (1 << (Self.valueBits + Self.coefficientBits - 1)))
      pixels[begin &+ 3 &* x] = grey
      pixels[begin &+ 3 &* x &+ 1] = grey
      pixels[begin &+ 3 &* x &+ 2] = grey
    }
  }

  /// Writes one row of interleaved RGB, starting at `begin`, from rows that are already red, green and blue.
  static func interleave(
    red: Span<Int32>, green: Span<Int32>, blue: Span<Int32>, into pixels: inout MutableSpan<UInt8>, at begin: Int
  ) {
    let count = red.count
    precondition(green.count == count && blue.count == count && pixels.count >= begin + 3 * count)
    let half: Int32 = 1 << (valueBits - 1)
    for x in 0..<count {
      pixels[begin &+ 3 &* x] = UInt8(truncatingIfNeeded: (red[x] &+ half) &>> valueBits)
      pixels[begin &+ 3 &* x &+ 1] = UInt8(truncatingIfNeeded: (green[x] &+ half) &>> valueBits)
      pixels[begin &+ 3 &* x &+ 2] = UInt8(truncatingIfNeeded: (blue[x] &+ half) &>> valueBits)
    }
  }

  private func level(_ scaled: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(scaled &>> (Self.valueBits + Self.coefficientBits), 0), 255))
  }
}
