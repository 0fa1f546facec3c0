import Basics
import Foundation
import Testing

@testable import Events

@Suite struct `JSON slices` {
  private func slice(_ text: String) -> JSONSlice { JSONSlice(Array(text.utf8)[...]) }

  @Test func `JSON slices give parts as written`() {
    let members = slice(#"{"a":1.50, "b" : {"c":"}]\"\\\\"},"d":[1,[2,3],{"e":4} , "f,:"],"g":"","h":{}}"#).members
    #expect(
      members.mapValues(\.text) == [
        "a": "1.50", "b": #"{"c":"}]\"\\\\"}"#, "d": #"[1,[2,3],{"e":4} , "f,:"]"#, "g": #""""#, "h": "{}",
      ])
    #expect(members["d"]?.elements.map(\.text) == ["1", "[2,3]", #"{"e":4}"#, #""f,:""#])
    #expect(members["h"]?.members.isEmpty == true && slice("[]").elements.isEmpty)
    #expect(slice("[1]").members.isEmpty && slice("{}").elements.isEmpty && slice("").elements.isEmpty)
  }

  @Test func `JSON slices survive any bytes`() {
    var random = SplitMix64(seed: 5)
    let alphabet = Array(#"{}[]",:\ a1"#.utf8)
    for _ in 0..<5000 {
      let bytes = (0..<Int.random(in: 0..<20, using: &random)).map { _ in
        alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
      }
      let slice = JSONSlice(bytes[...])
      #expect(slice.members.count + slice.elements.count <= bytes.count)
    }
  }
}

@Suite struct `Times as numbers` {
  @Test func `times as numbers equal those of the calendar`() {
    var random = SplitMix64(seed: 6)
    for _ in 0..<500 {
      // 1970 to 2200.
      let milliseconds = Int64.random(in: 0..<7_258_118_400_000, using: &random)
      let text = EventClock.text(Date(timeIntervalSince1970: Double(milliseconds) / 1000))
      let date = EventClock.date(text).map { Int64(($0.timeIntervalSince1970 * 1000).rounded()) }
      #expect(EventClock.milliseconds(text) == date, "\(text)")
    }
    #expect(EventClock.milliseconds("2024-02-29T23:59:59.999Z") == 1_709_251_199_999)
    #expect(
      EventClock.milliseconds("2026-10-01T09:31:20.5+02:00") == 1_790_839_880_500,
      "other forms of RFC 3339 are accepted")
    for text in ["", "2026-13-01T00:00:00.000Z", "2026-10-01T24:00:00.000Z", "2026-10-01 00:00:00.000Z"] {
      #expect(EventClock.milliseconds(text) == nil, "\(text)")
    }
  }
}
