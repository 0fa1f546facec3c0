/// YUV to RGB in fixed point, by the matrix and range a frame was made with.
///
/// R = a(Y − b) + c·V', G = a(Y − b) − d·U' − e·V', B = a(Y − b) + f·U', with U' and V' centred on 128. Rounded to
/// nearest and clamped; within one level of real arithmetic.
///
/// - Source: ITU-R BT.601 and BT.709.
struct ColorConversion: Hashable, Sendable {
  private static let bits: Int32 = 16
  private let black: Int32
  private let luma: Int32
  private let redV: Int32
  private let greenU: Int32
  private let greenV: Int32
  private let blueU: Int32

  init(_ color: ColorDescription) {
    let (red, blue) =
      switch color.matrix {
      case .bt601: (0.299, 0.114)
      case .bt709: (0.2126, 0.0722)
      }
    let green = 1 - red - blue
    let lumaScale = color.range == .limited ? 255.0 / 219 : 1
    let chromaScale = color.range == .limited ? 255.0 / 224 : 1
    func fixed(_ value: Double) -> Int32 { Int32((value * Double(1 << Self.bits)).rounded()) }
    black = color.range == .limited ? 16 : 0
    luma = fixed(lumaScale)
    redV = fixed(2 * (1 - red) * chromaScale)
    blueU = fixed(2 * (1 - blue) * chromaScale)
    greenU = fixed(2 * (1 - blue) * blue / green * chromaScale)
    greenV = fixed(2 * (1 - red) * red / green * chromaScale)
  }

  /// Red, green and blue of one pixel, each 0–255.
  @inline(__always)
  func rgb(y: UInt8, u: UInt8, v: UInt8) -> (red: UInt8, green: UInt8, blue: UInt8) {
    let bright = (Int32(y) &- black) &* luma &+ (1 << (Self.bits &- 1))
    let (u, v) = (Int32(u) &- 128, Int32(v) &- 128)
    func level(_ value: Int32) -> UInt8 { UInt8(truncatingIfNeeded: max(0, min(255, value &>> Self.bits))) }
    return (level(bright &+ redV &* v), level(bright &- greenU &* u &- greenV &* v), level(bright &+ blueU &* u))
  }
}
