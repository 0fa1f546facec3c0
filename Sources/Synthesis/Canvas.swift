import Basics
import Capture
import Glibc

/// Reflected or emitted light, approximately linear: 0 is black, 1 the brightest a camera shows.
typealias Light = SIMD3<Float>

extension PlaceRandom {
  /// A typical colour of things: mostly greys and browns, some vivid.
  mutating func color(_ brightness: ClosedRange<Float>) -> Light {
    let chroma: Float = uniform(0...1) < 0.2 ? 0.6 : 0.18
    let tint = Light(uniform(-1...1), uniform(-0.8...0.8), uniform(-1...0.8)) * chroma
    return (Light(repeating: 1) + tint) * uniform(brightness)
  }
}

/// The look of a flat surface.
struct Surface: Equatable, Sendable {
  enum Pattern: Equatable, Sendable {
    case plain
    /// Boards, tiles, stripes and checks with a size in metres.
    case planks(Float)
    case tiles(Float)
    case stripes(Float)
    case checks(Float)
    /// Wool or stone: noise with a grain in metres.
    case grain(Float)
  }

  var color: Light
  var other = Light(repeating: 0)
  var pattern = Pattern.plain
  /// Emits light: windows, screens.
  var emits = false

  /// The colour at a position on the surface, in metres along its edges.
  func color(_ u: Float, _ v: Float) -> Light {
    switch pattern {
    case .plain: return color
    case .planks(let size):
      let row = floor(v / size)
      let shift = Self.hash(row, 3)
      let joint = abs((v / size - row) - 0.5) > 0.47
      let tone = 0.85 + 0.3 * Self.hash(row, floor(u / (size * 6) + shift))
      return joint ? color * 0.6 : color * tone
    case .tiles(let size):
      let (a, b) = (u / size, v / size)
      return abs((a - floor(a)) - 0.5) > 0.47 || abs((b - floor(b)) - 0.5) > 0.47 ? other : color
    case .stripes(let size): return Int(floor(u / size)) & 1 == 0 ? color : other
    case .checks(let size): return (Int(floor(u / size)) + Int(floor(v / size))) & 1 == 0 ? color : other
    case .grain(let size): return color * (0.8 + 0.4 * Self.hash(floor(u / size), floor(v / size)))
    }
  }

  private static func hash(_ a: Float, _ b: Float) -> Float {
    var bits = UInt32(bitPattern: Int32(a)) &* 0x9E37_79B1 ^ UInt32(bitPattern: Int32(b)) &* 0x85EB_CA77
    bits ^= bits >> 15
    bits &*= 0x2C1B_3C6D
    bits ^= bits >> 12
    return Float(bits & 0xffff) / 65535
  }
}

/// A parallelogram in the room: a corner and two edges.
struct Panel: Equatable, Sendable {
  var corner: SIMD3<Float>
  var u: SIMD3<Float>
  var v: SIMD3<Float>
  var surface: Surface

  /// The six sides of a box, given its centre, frame and half sizes.
  static func box(_ middle: SIMD3<Float>, _ frame: Rotation, _ half: SIMD3<Float>, _ surface: Surface) -> [Panel] {
    let (x, y, z) = (frame.x * half.x, frame.y * half.y, frame.z * half.z)
    func side(_ out: SIMD3<Float>, _ u: SIMD3<Float>, _ v: SIMD3<Float>) -> Panel {
      Panel(corner: middle + out - u - v, u: u * 2, v: v * 2, surface: surface)
    }
    return [side(x, z, y), side(-x, z, y), side(y, x, z), side(-y, x, z), side(z, x, y), side(-z, x, y)]
  }
}

/// A rod with rounded ends in the room.
struct Rod: Equatable, Sendable {
  var from: SIMD3<Float>
  var to: SIMD3<Float>
  var radius: Float
  var color: Light
  /// Width of rings of another colour around it, in metres; 0 for none.
  var ringWidth: Float = 0
  var ringColor = Light(repeating: 0)
}

/// A camera's position and view.
struct Viewpoint: Equatable, Sendable {
  var place: SIMD3<Float>
  /// x to the picture's right, y up, z into it.
  var frame: Rotation
  /// In units of the picture's height.
  var focal: Float

  init(place: SIMD3<Float>, target: SIMD3<Float>, tilt: Float, focal: Float) {
    self.place = place
    let ahead = (target - place).normalized
    let right = ahead.cross(SIMD3(0, 1, 0)).normalized
    let up = right.cross(ahead)
    // Deliberately left-handed: depth increases into the picture.
    frame = Rotation(
      x: right * cos(tilt) + up * sin(tilt), y: up * cos(tilt) - right * sin(tilt), z: ahead)
    self.focal = focal
  }

  /// A point in the camera's frame.
  func seen(_ point: SIMD3<Float>) -> SIMD3<Float> {
    let way = point - place
    return SIMD3(way.dot(frame.x), way.dot(frame.y), way.dot(frame.z))
  }

  func direction(_ way: SIMD3<Float>) -> SIMD3<Float> {
    SIMD3(way.dot(frame.x), way.dot(frame.y), way.dot(frame.z))
  }
}

/// A room's lamp and daylight.
struct Lighting: Equatable, Sendable {
  var lamp: SIMD3<Float>
  var lampColor: Light
  var ambient: Light
}

/// A picture with depth, drawn by casting a ray through every pixel that an object may cover.
struct Canvas: Sendable {
  let width: Int
  let height: Int
  private(set) var colors: [SIMD3<Float>]
  /// Metres into the picture.
  private(set) var depths: [Float]
  private let view: Viewpoint
  private let lighting: Lighting
  private let focal: Float
  private let lamp: SIMD3<Float>
  private static let near: Float = 0.05

  init(width: Int, height: Int, view: Viewpoint, lighting: Lighting) {
    (self.width, self.height, self.view, self.lighting) = (width, height, view, lighting)
    colors = [SIMD3<Float>](repeating: lighting.ambient * 0.3, count: width * height)
    depths = [Float](repeating: .infinity, count: width * height)
    focal = view.focal * Float(height)
    lamp = view.seen(lighting.lamp)
  }

  /// Restores a picture drawn earlier on the same canvas.
  mutating func restore(_ other: Canvas) {
    colors = other.colors
    depths = other.depths
  }

  private func lit(_ color: Light, _ place: SIMD3<Float>, _ normal: SIMD3<Float>) -> Light {
    let way = lamp - place
    let distance = way.dot(way)
    let facing = max(0, normal.dot(way) / distance.squareRoot())
    // Half of the diffuse light is indirect.
    return color * (lighting.ambient + lighting.lampColor * ((0.25 + 0.75 * facing) * 9 / (4 + distance)))
  }

  // MARK: Flat things

  mutating func draw(_ panels: [Panel]) {
    for panel in panels { draw(panel) }
  }

  mutating func draw(_ panel: Panel) {
    let (corner, u, v) = (view.seen(panel.corner), view.direction(panel.u), view.direction(panel.v))
    var normal = u.cross(v).normalized
    let offset = normal.dot(corner)
    guard abs(offset) > 1e-4 else { return }
    // The side facing the camera.
    if offset > 0 { normal = -normal }
    let plane = normal.dot(corner)
    let outline = clipped([corner, corner + u, corner + u + v, corner + v])
    guard outline.count >= 3 else { return }
    var points: [SIMD2<Float>] = []
    for point in outline {
      points.append(
        SIMD2(
          Float(width) / 2 + focal * point.x / point.z, Float(height) / 2 - focal * point.y / point.z))
    }
    var area: Float = 0
    for index in points.indices {
      let (a, b) = (points[index], points[(index + 1) % points.count])
      area += a.x * b.y - a.y * b.x
    }
    let sign: Float = area < 0 ? -1 : 1
    let (uLength, vLength) = (u.length, v.length)
    let (uUnit, vUnit) = (u / max(uLength, 1e-6), v / max(vLength, 1e-6))
    // Edges need not be at right angles.
    let skew = uUnit.dot(vUnit)
    let rows = span(points.map(\.y), height)
    for y in rows {
      // The part of the row inside the convex outline.
      var (left, right) = (-Float.infinity, Float.infinity)
      let middle = Float(y) + 0.5
      var isOutside = false
      for index in points.indices {
        let (a, b) = (points[index], points[(index + 1) % points.count])
        // Inside if (b-a)x(p-a) has the area's sign; linear in x.
        let slope = -(b.y - a.y) * sign
        let constant = ((b.x - a.x) * (middle - a.y) + (b.y - a.y) * a.x) * sign
        if abs(slope) < 1e-9 {
          if constant < 0 { isOutside = true }
        } else if slope > 0 {
          left = max(left, -constant / slope)
        } else {
          right = min(right, -constant / slope)
        }
      }
      guard !isOutside, left < right else { continue }
      let first = max(0, Int((max(left, 0) - 0.5).rounded(.up)))
      let last = min(width - 1, Int((min(right, Float(width)) - 0.5).rounded(.down)))
      guard first <= last else { continue }
      let rayY = (Float(height) / 2 - middle) / focal
      for x in first...last {
        let ray = SIMD3((Float(x) + 0.5 - Float(width) / 2) / focal, rayY, 1)
        let depth = plane / normal.dot(ray)
        let pixel = y * width + x
        guard depth > Self.near, depth < depths[pixel] else { continue }
        depths[pixel] = depth
        let place = ray * depth
        let way = place - corner
        let (alongU, alongV) = (way.dot(uUnit), way.dot(vUnit))
        let across = skew == 0 ? 1 : 1 / (1 - skew * skew)
        let color = panel.surface.color((alongU - skew * alongV) * across, (alongV - skew * alongU) * across)
        colors[pixel] = panel.surface.emits ? color : lit(color, place, normal)
      }
    }
  }

  /// The part of an outline in front of the camera.
  private func clipped(_ outline: [SIMD3<Float>]) -> [SIMD3<Float>] {
    var result: [SIMD3<Float>] = []
    for index in outline.indices {
      let (a, b) = (outline[index], outline[(index + 1) % outline.count])
      if a.z >= Self.near { result.append(a) }
      if (a.z >= Self.near) != (b.z >= Self.near) {
        result.append(a.mixed(b, (Self.near - a.z) / (b.z - a.z)))
      }
    }
    return result
  }

  private func span(_ values: [Float], _ limit: Int) -> Range<Int> {
    let low = max(0, min(values.min() ?? 0, Float(limit)))
    let high = max(0, min(values.max() ?? 0, Float(limit)))
    return Int(low)..<min(limit, Int(high.rounded(.up)))
  }

  // MARK: Round things

  mutating func draw(_ rods: [Rod]) {
    for rod in rods { draw(rod) }
  }

  /// - Source: the intersection follows from the distance between a line and a segment; the ends are spheres.
  mutating func draw(_ rod: Rod) {
    let (a, b, radius) = (view.seen(rod.from), view.seen(rod.to), rod.radius)
    guard min(a.z, b.z) - radius > Self.near else { return }
    func bounds(_ p: SIMD3<Float>) -> (x: Float, y: Float, r: Float) {
      let scale = focal / (p.z - radius * 0.5)
      return (Float(width) / 2 + focal * p.x / p.z, Float(height) / 2 - focal * p.y / p.z, radius * scale * 1.1 + 1)
    }
    let (p, q) = (bounds(a), bounds(b))
    let columns = span([p.x - p.r, p.x + p.r, q.x - q.r, q.x + q.r], width)
    let rows = span([p.y - p.r, p.y + p.r, q.y - q.r, q.y + q.r], height)
    guard !columns.isEmpty, !rows.isEmpty else { return }
    let ba = b - a
    let (baba, baoa) = (ba.dot(ba), -ba.dot(a))
    let aa = a.dot(a)
    let isBall = baba < 1e-8
    let c = baba * aa - baoa * baoa - radius * radius * baba
    for y in rows {
      let rayY = (Float(height) / 2 - Float(y) - 0.5) / focal
      for x in columns {
        let ray = SIMD3((Float(x) + 0.5 - Float(width) / 2) / focal, rayY, 1)
        let dd = ray.x * ray.x + ray.y * ray.y + 1
        let (bard, rdoa) = (ba.dot(ray), -a.dot(ray))
        var depth = Float.infinity
        var share: Float = 0
        if !isBall {
          let k2 = baba * dd - bard * bard
          let k1 = baba * rdoa - baoa * bard
          let h = k1 * k1 - k2 * c
          guard h >= 0 else { continue }
          let t = (-k1 - h.squareRoot()) / k2
          share = (baoa + t * bard) / baba
          if share > 0, share < 1 { depth = t }
        }
        if depth == .infinity {
          let end = isBall || share <= 0 ? a : b
          share = isBall || share <= 0 ? 0 : 1
          let along = ray.dot(end)
          let h = along * along - dd * (end.dot(end) - radius * radius)
          guard h >= 0 else { continue }
          depth = (along - h.squareRoot()) / dd
        }
        let pixel = y * width + x
        guard depth > Self.near, depth < depths[pixel] else { continue }
        depths[pixel] = depth
        let place = ray * depth
        let normal = (place - a - ba * share) / radius
        var color = rod.color
        if rod.ringWidth > 0, Int(share * baba.squareRoot() / rod.ringWidth) & 1 == 1 { color = rod.ringColor }
        colors[pixel] = lit(color, place, normal)
      }
    }
  }

  /// The smallest box around round objects, in fractions of the picture and clipped to it; empty if they lie outside.
  func bounds(_ rods: [Rod]) -> Sighting.Box {
    var (low, high) = (SIMD2<Float>(repeating: .infinity), SIMD2<Float>(repeating: -.infinity))
    for rod in rods {
      let ends = [view.seen(rod.from), view.seen(rod.to)]
      // Skipped by `draw` too.
      guard ends.allSatisfy({ $0.z - rod.radius > Self.near }) else { continue }
      for end in ends {
        // Planes through the lens that touch the sphere at the end: a sphere's outline is an ellipse.
        for (axis, place) in [end.x, -end.y].enumerated() {
          let (angle, half) = (atan2(place, end.z), asin(rod.radius / (place * place + end.z * end.z).squareRoot()))
          low[axis] = min(low[axis], tan(angle - half))
          high[axis] = max(high[axis], tan(angle + half))
        }
      }
    }
    guard low.x < high.x else { return Sighting.Box() }
    let scale = SIMD2(focal / Float(width), focal / Float(height))
    let from = (low * scale + 0.5).clamped(lowerBound: .zero, upperBound: .one)
    let to = (high * scale + 0.5).clamped(lowerBound: .zero, upperBound: .one)
    guard from.x < to.x, from.y < to.y else { return Sighting.Box() }
    return Sighting.Box(x: from.x, y: from.y, width: to.x - from.x, height: to.y - from.y)
  }

  /// Whether a point is in the picture, and nothing is more than `distance` in front of it.
  func shows(_ place: SIMD3<Float>, within distance: Float) -> Bool {
    let seen = view.seen(place)
    guard seen.z > Self.near else { return false }
    let (x, y) = (Float(width) / 2 + focal * seen.x / seen.z, Float(height) / 2 - focal * seen.y / seen.z)
    guard x >= 0, y >= 0, x < Float(width), y < Float(height) else { return false }
    return depths[Int(y) * width + Int(x)] > seen.z - distance
  }

  /// Darkens the surface under an object: a soft disc on whatever is near its height.
  mutating func shade(_ place: SIMD3<Float>, radius: Float, strength: Float) {
    let middle = view.seen(place)
    guard middle.z > 0.3 else { return }
    let up = view.direction(SIMD3(0, 1, 0))
    let extent = radius * 2 * focal / (middle.z - 0.2)
    let (px, py) = (Float(width) / 2 + focal * middle.x / middle.z, Float(height) / 2 - focal * middle.y / middle.z)
    let columns = span([px - extent, px + extent], width)
    let rows = span([py - extent, py + extent], height)
    let falloff = 1 / (radius * radius)
    for y in rows {
      let rayY = (Float(height) / 2 - Float(y) - 0.5) / focal
      for x in columns {
        let pixel = y * width + x
        let ray = SIMD3((Float(x) + 0.5 - Float(width) / 2) / focal, rayY, 1)
        let way = ray * depths[pixel] - middle
        let height = way.dot(up)
        guard abs(height) < 0.04 else { continue }
        let distance = way.dot(way) * falloff
        guard distance < 4 else { continue }
        colors[pixel] *= 1 - strength * exp(-distance * 1.5)
      }
    }
  }
}
