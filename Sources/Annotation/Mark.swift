import COpenCV
import Foundation
import Video

/// An 8-bit RGB colour.
struct Color: Equatable, Sendable {
  var red: UInt8
  var green: UInt8
  var blue: UInt8
}

/// A text size.
struct Lettering: Equatable, Sendable {
  /// Height of a capital letter in pixels.
  let height: Int

  /// Stroke width in pixels.
  var thickness: Int { max(1, (height + 5) / 14) }
  /// Pixels that letters such as g reach below the baseline.
  var descent: Int { (height * 7 + 20) / 21 }
  /// A capital letter in Hershey's sans serif is 21 units high.
  var scale: Double { Double(height) / 21 }

  /// The width of a text in pixels.
  func width(of text: String) -> Int {
    var width: Int32 = 0
    let reason = unsafe ocv_text_width(text.inASCII, scale, Int32(thickness), &width)
    // Only running out of memory can fail; the text is then drawn as if it had no width.
    return unsafe reason == nil ? Int(width) : 0
  }

  /// The text, shortened with an ellipsis to fit into `room` pixels; empty if not even that fits.
  func fitted(_ text: String, into room: Int) -> String {
    let letters = text.inASCII
    if width(of: letters) <= room { return letters }
    var count = letters.count
    while count > 0 {
      // Halve first, so that a very long text costs little.
      count = width(of: String(letters.prefix(count))) > 2 * room ? count / 2 : count - 1
      let cut = letters.prefix(count) + "..."
      if width(of: String(cut)) <= room { return String(cut) }
    }
    return ""
  }
}

/// Something to draw on a picture, in pixels; anything outside the picture is clipped.
enum Mark: Equatable, Sendable {
  case fill(PixelRectangle, Color, opacity: Double)
  case outline(PixelRectangle, Color, thickness: Int)
  /// `y` is the baseline.
  case text(String, x: Int, y: Int, Lettering, Color)
}

extension [Mark] {
  /// Draws the marks in order on width·height·3 bytes of RGB.
  ///
  /// - Throws: `AnnotationError.cannotDraw` when memory is short.
  func draw(on pixels: inout [UInt8], _ size: FrameSize) throws(AnnotationError) {
    precondition(pixels.count == size.width * size.height * 3)
    var texts: [CChar] = []
    let marks = map { mark in
      let begin = texts.count
      if case .text(let text, _, _, _, _) = mark { texts += text.inASCII.utf8.map { CChar(bitPattern: $0) } + [0] }
      return ocv_mark(mark, text: begin)
    }
    texts.append(0)
    let reason = unsafe pixels.withUnsafeMutableBufferPointer { pixels in
      unsafe ocv_draw(pixels.baseAddress, Int32(size.width), Int32(size.height), marks, marks.count, texts)
        .map { unsafe String(cString: $0) }
    }
    if let reason { throw .cannotDraw(reason: reason) }
  }
}

extension ocv_mark {
  fileprivate init(_ mark: Mark, text begin: Int) {
    self.init()
    let color: Color
    switch mark {
    case .fill(let rectangle, let filling, let opacity):
      place(rectangle)
      color = filling
      self.opacity = opacity
    case .outline(let rectangle, let line, let thickness):
      place(rectangle)
      color = line
      self.thickness = Int32(Swift.max(1, thickness))
    case .text(_, let x, let y, let lettering, let ink):
      place(PixelRectangle(x: x, y: y, width: 0, height: 0))
      color = ink
      thickness = Int32(lettering.thickness)
      scale = lettering.scale
      text = begin
    }
    (red, green, blue) = (color.red, color.green, color.blue)
  }

  private mutating func place(_ rectangle: PixelRectangle) {
    // OpenCV computes in 16.16 fixed point.
    func within(_ value: Int) -> Int32 { Int32(Swift.min(Swift.max(value, -16_384), 32_767)) }
    (x, y, width, height) = (
      within(rectangle.x), within(rectangle.y), within(rectangle.width), within(rectangle.height)
    )
  }
}

extension String {
  /// The text in ASCII, which is all the font has; characters without an equivalent become question marks.
  var inASCII: String {
    guard !utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) else { return self }
    let transform = StringTransform(rawValue: "Any-Latin; Latin-ASCII")
    let latin = NSString(string: self).applyingTransform(transform, reverse: false) ?? self
    return String(latin.map { $0.isASCII && $0.isPrintable ? $0 : "?" })
  }
}

extension Character {
  fileprivate var isPrintable: Bool { asciiValue.map { (0x20..<0x7f).contains($0) } ?? false }
}
