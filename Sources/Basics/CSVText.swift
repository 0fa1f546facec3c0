/// Rows of text for spreadsheets and scripts, as RFC 4180 has them but for line ends of one byte.
package enum CSVText {
  /// One line a row, fields quoted where they hold a comma, a quote or a line end.
  package static func text(_ rows: [[String]]) -> String {
    rows.map { $0.map(quoted).joined(separator: ",") + "\n" }.joined()
  }

  private static func quoted(_ field: String) -> String {
    // Scalars, since a quote with an accent on it is one character and still a quote.
    guard field.unicodeScalars.contains(where: { [",", "\"", "\n", "\r"].contains($0) }) else { return field }
    var text = String.UnicodeScalarView()
    for scalar in field.unicodeScalars {
      if scalar == "\"" { text.append("\"") }
      text.append(scalar)
    }
    return "\"" + String(text) + "\""
  }
}
