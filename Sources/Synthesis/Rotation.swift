import Glibc

/// A rotation in space, as the images of the three axes.
struct Rotation: Equatable, Sendable {
  var x: SIMD3<Float>
  var y: SIMD3<Float>
  var z: SIMD3<Float>

  init(x: SIMD3<Float>, y: SIMD3<Float>, z: SIMD3<Float>) { (self.x, self.y, self.z) = (x, y, z) }

  /// Counter-clockwise about an axis, in radians.
  init(aboutX angle: Float) {
    let (c, s) = (cos(angle), sin(angle))
    self.init(x: SIMD3(1, 0, 0), y: SIMD3(0, c, s), z: SIMD3(0, -s, c))
  }

  init(aboutY angle: Float) {
    let (c, s) = (cos(angle), sin(angle))
    self.init(x: SIMD3(c, 0, -s), y: SIMD3(0, 1, 0), z: SIMD3(s, 0, c))
  }

  init(aboutZ angle: Float) {
    let (c, s) = (cos(angle), sin(angle))
    self.init(x: SIMD3(c, s, 0), y: SIMD3(-s, c, 0), z: SIMD3(0, 0, 1))
  }

  /// The frame whose z axis is `forward` and whose y axis is as close as possible to `up`.
  init(forward: SIMD3<Float>, up: SIMD3<Float>) {
    let z = forward.normalized
    let x = up.cross(z).normalized
    self.init(x: x, y: z.cross(x), z: z)
  }

  func callAsFunction(_ v: SIMD3<Float>) -> SIMD3<Float> { x * v.x + y * v.y + z * v.z }

  /// Applies the right operand first.
  static func * (a: Rotation, b: Rotation) -> Rotation { Rotation(x: a(b.x), y: a(b.y), z: a(b.z)) }
}

extension SIMD3<Float> {
  func dot(_ other: Self) -> Float { (self * other).sum() }

  func cross(_ o: Self) -> Self { Self(y * o.z - z * o.y, z * o.x - x * o.z, x * o.y - y * o.x) }

  var length: Float { dot(self).squareRoot() }

  /// Scaled to length 1; up for a zero vector.
  var normalized: Self {
    let length = length
    return length > 1e-6 ? self / length : Self(0, 1, 0)
  }

  func mixed(_ other: Self, _ share: Float) -> Self { self + (other - self) * share }
}

func mixed(_ a: Float, _ b: Float, _ share: Float) -> Float { a + (b - a) * share }
