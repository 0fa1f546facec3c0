import Basics
import Foundation
import Video

/// How training clips are varied; evaluation uses them unchanged.
///
/// The defaults change nothing.
package struct ClipAugmentation: Hashable, Sendable {
  /// Range of the factor on the side of the region shown.
  package var scale: ClosedRange<Double> = 1...1
  /// Largest shift of the region, as a fraction of its side.
  package var place = 0.0
  /// Fraction of the clips that are mirrored, together with their skeletons.
  package var flip = 0.0
  /// Largest change in brightness, as a fraction of the pixel range.
  package var brightness = 0.0
  /// Largest change in contrast, as a fraction.
  package var contrast = 0.0
  /// Largest change in a colour channel's brightness, as a fraction of the pixel range.
  package var color = 0.0
  /// Fraction of the clips converted to grey.
  package var grey = 0.0
  /// Fraction of the clips that are blurred.
  package var blur = 0.0
  /// Largest factor by which a clip is sped up or slowed down.
  package var speed = 1.0
  package var pose = PoseAugmentation()

  package init() {}

  /// The presets available in the settings.
  package enum Preset: String, Sendable, CaseIterable {
    case none, light, strong
  }

  package init(_ preset: Preset) {
    switch preset {
    case .none: break
    case .light:
      scale = 0.9...1.1
      place = 0.08
      flip = 0.5
      brightness = 0.1
      contrast = 0.15
      color = 0.05
      speed = 1.1
      pose = PoseAugmentation(turn: 15, tilt: 5, scale: 0.05, noise: 0.005, dropout: 0, crop: 0.05)
    case .strong:
      scale = 0.7...1.2
      place = 0.15
      flip = 0.5
      brightness = 0.15
      contrast = 0.3
      color = 0.1
      grey = 0.2
      blur = 0.2
      speed = 1.25
      pose = PoseAugmentation(turn: 40, tilt: 10, scale: 0.1, noise: 0.01, dropout: 0.02, crop: 0.1)
    }
  }
}

/// How skeletons are varied in training, in addition to mirroring and speed.
package struct PoseAugmentation: Hashable, Sendable {
  /// Largest rotation about the vertical axis, in degrees: as seen by another camera.
  package var turn = 0.0
  /// Largest rotation about each of the other axes, in degrees.
  package var tilt = 0.0
  /// Largest change in size, as a fraction.
  package var scale = 0.0
  /// Standard deviation of a joint's position in metres: once for all frames of a clip, and again for each frame.
  package var noise = 0.0
  /// Fraction of the joints that are lost for the whole clip.
  package var dropout = 0.0
  /// Largest fraction of the recording cut off at its start, and at its end.
  package var crop = 0.0

  package init() {}

  package init(turn: Double, tilt: Double, scale: Double, noise: Double, dropout: Double, crop: Double) {
    (self.turn, self.tilt, self.scale) = (turn, tilt, scale)
    (self.noise, self.dropout, self.crop) = (noise, dropout, crop)
  }
}

/// What was drawn for one clip; the same for all its frames.
struct ClipVariation: Equatable, Sendable {
  var scale: Double
  /// Fraction of the side, to the right and down.
  var shift: SIMD2<Double>
  var isMirrored: Bool
  var isGrey: Bool
  var isBlurred: Bool
  /// Factor on the distance between the video frames of a window.
  var speed: Double
  /// A lookup table with 256 values for each channel.
  private let tables: [[UInt8]]
  private let changesValues: Bool

  /// - Parameters:
  ///   - augmentation: what may be varied.
  ///   - seed: the same seed gives the same variation.
  init(_ augmentation: ClipAugmentation, seed: UInt64) {
    var random = SplitMix64(seed: seed, name: "variation")
    func uniform(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &random) }
    // Scale and speed are factors: half and double are equally far from one.
    scale = exp(uniform(log(augmentation.scale.lowerBound)...log(augmentation.scale.upperBound)))
    let place = augmentation.place
    shift = SIMD2(uniform(-place...place), uniform(-place...place))
    isMirrored = uniform(0...1) < augmentation.flip
    speed = exp(uniform(-log(augmentation.speed)...log(augmentation.speed)))
    let contrast = 1 + uniform(-augmentation.contrast...augmentation.contrast)
    let brightness = 255 * uniform(-augmentation.brightness...augmentation.brightness)
    let channels = (0..<3).map { _ in 255 * uniform(-augmentation.color...augmentation.color) }
    isGrey = uniform(0...1) < augmentation.grey
    isBlurred = uniform(0...1) < augmentation.blur
    changesValues = contrast != 1 || brightness != 0 || channels != [0, 0, 0]
    tables = channels.map { channel in
      (0..<256).map {
        UInt8(min(max((Double($0) - 127.5) * contrast + 127.5 + brightness + channel, 0), 255).rounded())
      }
    }
  }

  /// The region to show instead of a rectangle of a picture; it stays inside the picture.
  func region(_ rectangle: PixelRectangle, in picture: FrameSize) -> PixelRectangle {
    func span(_ start: Int, _ length: Int, _ shift: Double, of count: Int) -> (start: Int, length: Int) {
      let varied = min(max(Int((Double(length) * scale).rounded()), 1), count)
      let centre = Double(start) + Double(length) * (0.5 + shift)
      return (min(max(Int((centre - Double(varied) / 2).rounded()), 0), count - varied), varied)
    }
    let columns = span(rectangle.x, rectangle.width, shift.x, of: picture.width)
    let rows = span(rectangle.y, rectangle.height, shift.y, of: picture.height)
    return PixelRectangle(x: columns.start, y: rows.start, width: columns.length, height: rows.length)
  }

  /// Mirrors, blurs and recolours pictures of `size` x `size` RGB pixels.
  func apply(to pixels: inout [UInt8], size: Int) {
    let row = size * 3
    if isMirrored {
      for start in stride(from: 0, to: pixels.count, by: row) {
        for column in 0..<size / 2 {
          let (left, right) = (start + column * 3, start + row - 3 - column * 3)
          for channel in 0..<3 { pixels.swapAt(left + channel, right + channel) }
        }
      }
    }
    if isBlurred {
      for start in stride(from: 0, to: pixels.count, by: row * size) {
        soften(&pixels, start, step: 3, along: size, other: row, lines: size)
        soften(&pixels, start, step: row, along: size, other: 3, lines: size)
      }
    }
    if isGrey {
      for start in stride(from: 0, to: pixels.count, by: 3) {
        let (red, green, blue) = (Int(pixels[start]), Int(pixels[start + 1]), Int(pixels[start + 2]))
        let luma = UInt8((77 * red + 150 * green + 29 * blue + 128) >> 8)
        for channel in 0..<3 { pixels[start + channel] = luma }
      }
    }
    guard changesValues else { return }
    for start in stride(from: 0, to: pixels.count, by: 3) {
      for channel in 0..<3 { pixels[start + channel] = tables[channel][Int(pixels[start + channel])] }
    }
  }

  /// Applies the binomial filter 1 2 1 along every line of one picture; the end pixels are unchanged.
  private func soften(_ pixels: inout [UInt8], _ start: Int, step: Int, along count: Int, other: Int, lines: Int) {
    for line in 0..<lines {
      for channel in 0..<3 {
        let first = start + line * other + channel
        var before = Int(pixels[first])
        for place in 1..<max(count - 1, 1) {
          let index = first + place * step
          let own = Int(pixels[index])
          pixels[index] = UInt8((before + 2 * own + Int(pixels[index + step]) + 2) >> 2)
          before = own
        }
      }
    }
  }
}
