import Basics
import Video

let planarFormats = PixelFormat.allCases.filter { $0 != .mjpeg }

/// A frame of random bytes whose rows are `padding` bytes longer than necessary.
func randomFrame(
  _ format: PixelFormat, _ width: Int, _ height: Int, padding: Int = 0,
  color: ColorDescription = ColorDescription(matrix: .bt601, range: .limited), using random: inout SplitMix64
) -> Frame {
  var frame = Frame()
  frame.format = format
  frame.size = FrameSize(width: width, height: height)
  frame.color = color
  var end = 0
  for shape in format.planeShapes(frame.size) {
    frame.planes.append(Frame.Plane(offset: end, rowBytes: shape.rowBytes + padding))
    end += (shape.rowBytes + padding) * shape.rows - padding
  }
  frame.bytes = (0..<end).map { _ in UInt8.random(in: 0...255, using: &random) }
  frame.byteCount = end
  return frame
}

/// The position of a component's value at a pixel or chroma value, according to the formats' published layouts.
func byteIndex(_ frame: Frame, _ index: Int, x: Int, y: Int) -> Int {
  func byte(_ plane: Int, _ column: Int) -> Int {
    frame.planes[plane].offset + y * frame.planes[plane].rowBytes + column
  }
  return switch frame.format {
  case .yuyv: byte(0, [2 * x, 4 * x + 1, 4 * x + 3][index])
  case .uyvy: byte(0, [2 * x + 1, 4 * x, 4 * x + 2][index])
  case .nv12: index == 0 ? byte(0, x) : byte(1, 2 * x + index - 1)
  case .i420, .i422, .i444: byte(index, x)
  case .grey: byte(0, x)
  case .rgb24: byte(0, 3 * x + index)
  case .bgr24: byte(0, 3 * x + 2 - index)
  case .mjpeg: -1
  }
}

func component(_ frame: Frame, _ index: Int, x: Int, y: Int) -> Double {
  Double(frame.bytes[byteIndex(frame, index, x: x, y: y)])
}

/// How many pixels share one chroma value horizontally and vertically.
func chromaSharing(_ format: PixelFormat) -> (across: Int, down: Int) {
  switch format {
  case .yuyv, .uyvy, .i422: (2, 1)
  case .nv12, .i420: (2, 2)
  default: (1, 1)
  }
}

/// RGB levels of a YUV colour in full precision, unrounded but clamped.
func referenceRGB(_ y: Double, _ u: Double, _ v: Double, _ color: ColorDescription) -> [Double] {
  let (red, blue) = color.matrix == .bt601 ? (0.299, 0.114) : (0.2126, 0.0722)
  let isLimited = color.range == .limited
  let luma = isLimited ? (y - 16) / 219 : y / 255
  let (pb, pr) = ((u - 128) / (isLimited ? 224 : 255), (v - 128) / (isLimited ? 224 : 255))
  let r = luma + 2 * (1 - red) * pr
  let b = luma + 2 * (1 - blue) * pb
  let g = (luma - red * r - blue * b) / (1 - red - blue)
  return [r, g, b].map { min(max($0 * 255, 0), 255) }
}

/// Slow and simple: crops and resizes each component in Double, then converts.
func referenceSample(_ frame: Frame, _ rectangle: PixelRectangle, _ output: FrameSize) -> [Double] {
  let isRGB = frame.format == .rgb24 || frame.format == .bgr24
  let chroma = chromaSharing(frame.format)
  func mix(_ output: Int, _ count: Int, _ begin: Int, _ length: Int, _ sharing: Int) -> [(Int, Double)] {
    let factor = Double(length) / Double(count)
    let bounds = begin / sharing...(begin + length - 1) / sharing
    if factor > 2 {
      let (from, to) = (Double(begin) + Double(output) * factor, Double(begin) + Double(output + 1) * factor)
      return bounds.compactMap { (index) in
        let (left, right) = (Double(index * sharing), Double((index + 1) * sharing))
        let overlap = min(right, to) - max(left, from)
        return overlap > 0 ? (index, overlap / factor) : nil
      }
    }
    let position = (Double(begin) + (Double(output) + 0.5) * factor) / Double(sharing) - 0.5
    let low = position.rounded(.down)
    func inside(_ index: Double) -> Int { min(max(Int(index), bounds.lowerBound), bounds.upperBound) }
    return [(inside(low), 1 - (position - low)), (inside(low + 1), position - low)]
  }
  var pixels: [Double] = []
  for y in 0..<output.height {
    for x in 0..<output.width {
      let values = (0..<(frame.format == .grey ? 1 : 3)).map { (index) in
        let sharing = index > 0 && !isRGB ? chroma : (1, 1)
        var sum = 0.0
        for (row, down) in mix(y, output.height, rectangle.y, rectangle.height, sharing.1) {
          for (column, across) in mix(x, output.width, rectangle.x, rectangle.width, sharing.0) {
            sum += component(frame, index, x: column, y: row) * down * across
          }
        }
        return sum
      }
      if isRGB {
        pixels += values
      } else if frame.format == .grey {
        pixels += referenceRGB(values[0], 128, 128, frame.color)
      } else {
        pixels += referenceRGB(values[0], values[1], values[2], frame.color)
      }
    }
  }
  return pixels
}

/// The whole picture in RGB at its own size.
func converted(_ frame: Frame) throws -> [UInt8] {
  var resampler = Resampler(
    frame.format, frame.size,
    rectangle: PixelRectangle(x: 0, y: 0, width: frame.size.width, height: frame.size.height), output: frame.size)
  var pixels = [UInt8](repeating: 0, count: frame.size.width * frame.size.height * 3)
  try resampler.resample(frame, into: &pixels)
  return pixels
}

/// The largest distance of a level from the reference.
func worstDifference(_ pixels: [UInt8], _ reference: [Double]) -> Double {
  zip(pixels, reference).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
}
