import Foundation

/// An SVG picture under construction; the origin is at the top left, units are CSS pixels.
///
/// Appearance is left to the classes in `Style.picture`, so that pictures follow a light or dark page.
struct Drawing {
  enum Anchor: String { case start, middle, end }

  let width: Double
  let height: Double
  private var elements = ""

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  /// `opacity` applies to the fill; `hint` is shown when the pointer rests on it.
  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String, opacity: Double? = nil,
    hint: String? = nil
  ) {
    let size =
      "x=\"\(short(x))\" y=\"\(short(y))\" width=\"\(short(max(0, width)))\" height=\"\(short(max(0, height)))\""
    add("rect", "\(size)\(opacity.map { " fill-opacity=\"\(short($0))\"" } ?? "")", style, hint)
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    add("line", "x1=\"\(short(x1))\" y1=\"\(short(y1))\" x2=\"\(short(x2))\" y2=\"\(short(y2))\"", style, nil)
  }

  mutating func circle(_ x: Double, _ y: Double, _ radius: Double, _ style: String, hint: String? = nil) {
    add("circle", "cx=\"\(short(x))\" cy=\"\(short(y))\" r=\"\(short(radius))\"", style, hint)
  }

  /// Straight lines from point to point.
  mutating func polyline(_ points: [(x: Double, y: Double)], _ style: String) {
    let list = points.map { "\(short($0.x)),\(short($0.y))" }.joined(separator: " ")
    add("polyline", "points=\"\(list)\"", style, nil)
  }

  /// Text that is `turned` reads upwards.
  mutating func text(
    _ text: String, _ x: Double, _ y: Double, _ style: String = "label", anchor: Anchor = .start, turned: Bool = false,
    hint: String? = nil
  ) {
    let place =
      turned ? "transform=\"translate(\(short(x)) \(short(y))) rotate(-90)\"" : "x=\"\(short(x))\" y=\"\(short(y))\""
    add("text", "\(place) text-anchor=\"\(anchor.rawValue)\"", style, hint, Markup.escaped(text))
  }

  /// For a page that includes `Style.picture`; screen readers read the title.
  func inline(title: String) -> String { element(title, attributes: "", style: "") }

  /// A self-contained file with a background.
  func standalone(title: String) -> String {
    let style = "<style>\(Style.picture)</style><rect width=\"100%\" height=\"100%\" class=\"surface\"/>"
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      + element(title, attributes: " xmlns=\"http://www.w3.org/2000/svg\"", style: style) + "\n"
  }

  private func element(_ title: String, attributes: String, style: String) -> String {
    let size = "width=\"\(short(width))\" height=\"\(short(height))\" viewBox=\"0 0 \(short(width)) \(short(height))\""
    let name = "role=\"img\" aria-label=\"\(Markup.escaped(title))\""
    return "<svg class=\"picture\"\(attributes) \(size) \(name)>\(style)\(elements)</svg>"
  }

  private mutating func add(
    _ name: String, _ attributes: String, _ style: String, _ hint: String?, _ content: String = ""
  ) {
    let title = hint.map { "<title>\(Markup.escaped($0))</title>" } ?? ""
    elements += "<\(name) class=\"\(style)\" \(attributes)>\(title)\(content)</\(name)>\n"
  }
}

/// Text formatting for HTML and SVG.
enum Markup {
  /// Safe as content and in quoted attributes; control characters, which XML cannot represent, are replaced.
  static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case _ where scalar.properties.generalCategory == .control || scalar.properties.isNoncharacterCodePoint:
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }

  /// A number with a fixed number of decimals.
  static func decimal(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// "53.4 %", or a dash if undefined.
  static func percent(_ share: Double?, digits: Int = 1) -> String {
    share.map { "\(decimal(100 * $0, digits)) %" } ?? "–"
  }

  /// The text cut to a maximum length, ending in an ellipsis if it was cut.
  static func cut(_ text: String, to limit: Int) -> String {
    text.count <= limit ? text : text.prefix(limit - 1) + "…"
  }
}

/// Two decimals, without trailing zeros.
private func short(_ value: Double) -> String {
  var text = Markup.decimal(value, 2)
  while text.hasSuffix("0") { text.removeLast() }
  if text.hasSuffix(".") { text.removeLast() }
  return text
}
