import Basics
import Testing

struct CSVTextTests {
  @Test func `plain CSV fields are written unchanged`() {
    #expect(CSVText.text([["a", "b c"], ["", "é"]]) == "a,b c\n,é\n")
  }

  @Test(arguments: [
    ("a,b", #""a,b""#), (#"say "no""#, #""say ""no""""#), ("two\nlines", "\"two\nlines\""), ("\r\n", "\"\r\n\""),
    // A single character for Swift, but still a quote.
    ("\"\u{301}", "\"\"\"\u{301}\""),
  ])
  func `CSV fields that would break a row are quoted`(field: String, expected: String) {
    #expect(CSVText.text([[field, "x"]]) == expected + ",x\n")
  }

  @Test func `no rows give no CSV text`() {
    #expect(CSVText.text([]).isEmpty)
  }
}
