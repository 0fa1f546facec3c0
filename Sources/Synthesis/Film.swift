import Basics
import Capture
import Glibc

/// Turns light into camera pixels: a soft lens, exposure, tint, noise, eight bits.
struct Film: Sendable {
  /// Contribution of each neighbour's light.
  var softness: Float
  /// Mean brightness that the camera's exposure aims for, 0 to 1.
  var brightness: Float
  var tint: Light
  /// Standard deviation of the noise on values from 0 to 255.
  var noise: Float
  private let grainSeed: UInt64

  init(_ random: inout PlaceRandom) {
    softness = random.uniform(0.12...0.24)
    brightness = random.uniform(0.32...0.5)
    tint = Light(random.uniform(0.92...1.08), 1, random.uniform(0.88...1.1))
    noise = random.uniform(1.5...5)
    grainSeed = random.next()
  }

  /// The gain that brings a picture to the camera's brightness, as automatic exposure does.
  func exposure(for canvas: Canvas) -> Float {
    let total = canvas.colors.reduce(Light(repeating: 0)) { $0 + $1.clamped(lowerBound: .zero, upperBound: .one) }
    let mean = total.sum() / Float(3 * canvas.colors.count)
    return min(brightness / max(mean, 0.01), 4)
  }

  /// Writes width·height·3 bytes of RGB.
  ///
  /// - Parameters:
  ///   - canvas: the scene in front of the lens.
  ///   - exposure: factor on its light.
  ///   - frame: the picture's number; every picture has different noise.
  ///   - pixels: receives the bytes.
  func expose(_ canvas: Canvas, exposure: Float, frame: Int, into pixels: inout [UInt8]) {
    let (width, height) = (canvas.width, canvas.height)
    let count = width * height
    if pixels.count != count * 3 { pixels = [UInt8](repeating: 0, count: count * 3) }
    let centre = 1 - 4 * softness * 0.5
    let gain = tint * (255 * exposure * (1 + 0.02 * sin(Float(frame) * 0.05)))
    var grain = PlaceRandom(seed: grainSeed, stream: frame)
    let colors = canvas.colors
    for y in 0..<height {
      let (above, below) = (max(0, y - 1) * width, min(height - 1, y + 1) * width)
      let row = y * width
      for x in 0..<width {
        let (left, right) = (max(0, x - 1), min(width - 1, x + 1))
        let neighbours = colors[above + x] + colors[below + x] + colors[row + left] + colors[row + right]
        var value = (colors[row + x] * centre + neighbours * (softness * 0.5)) * gain
        // The sum of four bytes per pair of channels is close enough to a normal distribution.
        let bits = grain.next()
        let luma = Float(Int(bits & 0xff) + Int(bits >> 8 & 0xff) + Int(bits >> 16 & 0xff) - 382) * (noise / 128)
        let chroma = Light(
          Float(Int(bits >> 24 & 0xff) - 128), Float(Int(bits >> 32 & 0xff) - 128), Float(Int(bits >> 40 & 0xff) - 128))
        value += luma + chroma * (noise / 150)
        value.clamp(lowerBound: Light(repeating: 0), upperBound: Light(repeating: 255))
        let place = (row + x) * 3
        pixels[place] = UInt8(value.x)
        pixels[place + 1] = UInt8(value.y)
        pixels[place + 2] = UInt8(value.z)
      }
    }
  }
}
