package import Video

/// Many small pictures tiled into one, for people to look at.
package struct PictureSheet: Sendable {
  private let cell: FrameSize
  private let size: FrameSize
  private var pixels: [UInt8]

  /// - Parameters:
  ///   - columns: pictures per row, at least 1.
  ///   - rows: rows of pictures, at least 1.
  ///   - cell: the size of each picture.
  package init(columns: Int, rows: Int, cell: FrameSize) {
    precondition(columns > 0 && rows > 0)
    self.cell = cell
    size = FrameSize(width: columns * cell.width, height: rows * cell.height)
    pixels = [UInt8](repeating: 0, count: size.width * size.height * 3)
  }

  /// Places a picture in a cell, scaled to fill it.
  ///
  /// - Parameters:
  ///   - picture: width·height·3 bytes of RGB.
  ///   - own: the picture's size.
  ///   - column: from 0.
  ///   - row: from 0.
  package mutating func place(_ picture: [UInt8], _ own: FrameSize, column: Int, row: Int) {
    precondition(picture.count == own.width * own.height * 3)
    for y in 0..<cell.height {
      let source = y * own.height / cell.height * own.width
      let target = ((row * cell.height + y) * size.width + column * cell.width) * 3
      for x in 0..<cell.width {
        let from = (source + x * own.width / cell.width) * 3
        for channel in 0..<3 { pixels[target + 3 * x + channel] = picture[from + channel] }
      }
    }
  }

  /// Draws the edges of a box over a picture already placed.
  package mutating func outline(_ box: PictureBox, _ color: (UInt8, UInt8, UInt8), column: Int, row: Int) {
    guard let box = box.inPicture else { return }
    let left = Int(box.x * Double(cell.width)), right = min(Int(box.right * Double(cell.width)), cell.width - 1)
    let top = Int(box.y * Double(cell.height)), bottom = min(Int(box.bottom * Double(cell.height)), cell.height - 1)
    let sheetWidth = size.width
    let corner = row * cell.height * sheetWidth + column * cell.width
    func paint(_ x: Int, _ y: Int) {
      let start = (corner + y * sheetWidth + x) * 3
      (pixels[start], pixels[start + 1], pixels[start + 2]) = color
    }
    for x in left...max(left, right) {
      paint(x, top)
      paint(x, bottom)
    }
    for y in top...max(top, bottom) {
      paint(left, y)
      paint(right, y)
    }
  }

  /// The sheet as RGB, and its size.
  package var picture: (pixels: [UInt8], size: FrameSize) { (pixels, size) }

  /// The sheet as JPEG data.
  ///
  /// - Parameter quality: 1 to 100.
  /// - Returns: the JPEG file's bytes.
  /// - Throws: `CaptureError.unencodable`.
  package func jpeg(quality: Int) throws(CaptureError) -> [UInt8] {
    try JPEGEncoder().encode(pixels, size, quality: quality)
  }

  /// Writes a JPEG file.
  ///
  /// - Throws: `CaptureError.unwritable`.
  package func write(to path: String) throws(CaptureError) {
    var writer = try MediaWriter(path: path, format: .jpeg(quantiser: 5), size: size, rate: 1)
    try writer.add(pixels)
    try writer.finish()
  }
}
