/// Rows of text for spreadsheets and scripts: RFC 4180, but with LF line ends.
package enum CSVText {
  /// One line per row; fields with a comma, a quote or a line end are quoted.
  package static func text(_ rows: [[String]]) -> String {
    rows.map { $0.map(quoted).joined(separator: ",") + "\n" }.joined()
  }

  private static func quoted(_ field: String) -> String {
    // Compare scalars: a quote followed by a combining accent is one character and still a quote.
    guard field.unicodeScalars.contains(where: { [",", "\"", "\n", "\r"].contains($0) }) else { return field }
    var text = String.UnicodeScalarView()
    for scalar in field.unicodeScalars {
      if scalar == "\"" { text.append("\"") }
      text.append(scalar)
    }
    return "\"" + String(text) + "\""
  }
}
