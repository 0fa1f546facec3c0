import Basics
package import Video

/// Draws a synthetic scene at one size; the room is drawn once and kept.
package struct SyntheticPainter: Sendable {
  private let scene: SyntheticScene
  private let size: FrameSize
  private let room: [UInt8]

  package init(_ scene: SyntheticScene, size: FrameSize) {
    precondition(size.width > 0 && size.height > 0)
    self.scene = scene
    self.size = size
    room = Self.drawRoom(scene.seed, size)
  }

  /// The scene at a time as width·height·3 bytes of interleaved RGB.
  package func paint(at time: Duration, into pixels: inout [UInt8]) {
    pixels = room
    let (truth, number) = scene.phase(at: time)
    let figure = SyntheticFigure(
      truth.activity, seconds: Float((time - truth.begin).inSeconds),
      phase: PlaceRandom(seed: scene.seed, number + 1), figure: PlaceRandom(seed: scene.seed, -1),
      aspect: Float(size.width) / Float(size.height))
    for limb in figure.limbs { draw(limb, into: &pixels) }
  }

  /// Fills the pixels whose centres are within the stroke.
  private func draw(_ limb: Limb, into pixels: inout [UInt8]) {
    let unit = Float(size.height)
    let (ax, ay) = (limb.from.x * unit, limb.from.y * unit)
    let (dx, dy) = (limb.to.x * unit - ax, limb.to.y * unit - ay)
    let radius = max(0.5, limb.radius * unit)
    let length = max(dx * dx + dy * dy, 1e-6)
    let columns = span(ax, ax + dx, radius, size.width)
    for y in span(ay, ay + dy, radius, size.height) {
      for x in columns {
        let (px, py) = (Float(x) + 0.5 - ax, Float(y) + 0.5 - ay)
        let along = min(max((px * dx + py * dy) / length, 0), 1)
        let (rx, ry) = (px - along * dx, py - along * dy)
        guard rx * rx + ry * ry <= radius * radius else { continue }
        let pixel = (y * size.width + x) * 3
        pixels[pixel] = limb.color.red
        pixels[pixel + 1] = limb.color.green
        pixels[pixel + 2] = limb.color.blue
      }
    }
  }

  /// The pixels from one end to the other and so far around, within the picture.
  private func span(_ a: Float, _ b: Float, _ margin: Float, _ count: Int) -> Range<Int> {
    let low = min(max(Int(min(a, b) - margin), 0), count)
    return low..<max(low, min(count, Int(max(a, b) + margin) + 2))
  }

  private static func drawRoom(_ seed: UInt64, _ size: FrameSize) -> [UInt8] {
    var random = PlaceRandom(seed: seed, 0)
    let (wall, floor, cupboard) = (random.color(120...230), random.color(70...140), random.color(40...200))
    let left = random.uniform(0.02...0.7)
    var pixels = [UInt8](repeating: 0, count: size.width * size.height * 3)
    for y in 0..<size.height {
      for x in 0..<size.width {
        let (u, v) = ((Float(x) + 0.5) / Float(size.width), (Float(y) + 0.5) / Float(size.height))
        let isCupboard = u > left && u < left + 0.16 && v > 0.25 && v < 0.82
        let color = isCupboard ? cupboard : v < 0.78 ? wall : floor
        // A weave of the place alone, the same at every size, so that nothing is flat.
        let (column, row) = (Int(u * 96), Int(v * 72))
        var grain = PlaceRandom(seed: seed ^ 0xA5A5, row * 96 + column)
        let shade = grain.uniform(-8...8) - 18 * v
        let pixel = (y * size.width + x) * 3
        pixels[pixel] = shaded(color.red, shade)
        pixels[pixel + 1] = shaded(color.green, shade)
        pixels[pixel + 2] = shaded(color.blue, shade)
      }
    }
    return pixels
  }

  private static func shaded(_ value: UInt8, _ shade: Float) -> UInt8 { UInt8(min(max(Float(value) + shade, 0), 255)) }
}

extension PlaceRandom {
  mutating func color(_ range: ClosedRange<Float>) -> RGB {
    RGB(red: UInt8(uniform(range)), green: UInt8(uniform(range)), blue: UInt8(uniform(range)))
  }
}
