import Pipeline
import Testing

@testable import Annotation

struct ActivityListTests {
  private func activity(
    _ label: String, _ start: Duration, _ end: Duration, person: Int? = 1, confidence: Float = 0.5
  ) -> RecognizedActivity {
    RecognizedActivity(person: person, label: label, start: start, end: end, confidence: confidence)
  }

  @Test func `a subtitle has a number, times and text`() {
    let list = [
      activity("Drink.Fromcup", .milliseconds(2_480), .milliseconds(15_360), person: 3, confidence: 0.874),
      activity("Fenster öffnen 窓", .seconds(3_661.0004), .seconds(360_000), person: nil, confidence: 1),
    ]
    #expect(
      list.subtitles() == """
        1
        00:00:02,480 --> 00:00:15,360
        Person 3: Drink.Fromcup (87 %)

        2
        01:01:01,000 --> 100:00:00,000
        Fenster öffnen 窓 (100 %)


        """)
  }

  @Test func `subtitles keep their format whatever a label contains`() {
    let text = [activity("a\n\nb --> c", .zero, .zero)].subtitles()
    #expect(text == "1\n00:00:00,000 --> 00:00:00,001\nPerson 1: a b → c (50 %)\n\n")
  }

  @Test func `times are rounded to milliseconds, and none lies before the recording`() {
    let text = [activity("x", .milliseconds(-20), .microseconds(1_999_500))].subtitles()
    #expect(text.contains("00:00:00,000 --> 00:00:02,000"))
  }

  @Test func `a table has a header, times in seconds, and quotes where needed`() {
    let list = [
      activity("Drink", .milliseconds(2_480), .milliseconds(15_361), person: 3, confidence: 0.87449),
      activity(#"say "a, b""#, .milliseconds(5), .seconds(4000), person: nil, confidence: 1),
      activity("窓", .zero, .milliseconds(50), confidence: 0.00004),
    ]
    #expect(
      list.csv() == """
        person,label,start,end,confidence
        3,Drink,2.480,15.361,0.8745
        ,"say ""a, b""\u{22},0.005,4000.000,1.0000
        1,窓,0.000,0.050,0.0000

        """)
  }

  @Test func `no activities give an empty subtitle file and a table with only its header`() {
    #expect([RecognizedActivity]().subtitles().isEmpty)
    #expect([RecognizedActivity]().csv() == "person,label,start,end,confidence\n")
  }

  @Test func `activities are ordered by start, then by person, and overlapping ones are separate`() {
    let result = madeResult([
      madePerson(2, activities: [(0, 1.0, 9.0), (1, 9.0, 10.0)]), madePerson(5, activities: [(1, 1.0, 3.0)]),
      madePerson(1, activities: [(0, 4.0, 5.0)]),
    ])
    let list = result.activities(labels: ["Walk", "Sit"])
    #expect(list.map(\.person) == [2, 5, 1, 2])
    #expect(list.map(\.label) == ["Walk", "Sit", "Walk", "Sit"])
    #expect(list.map(\.start) == [.seconds(1), .seconds(1), .seconds(4), .seconds(9)])
  }

  @Test func `the scene's activities belong to no person`() {
    let result = madeScene(madePerson(1, activities: [(1, 2.0, 3.0)]))
    #expect(
      result.activities(labels: ["Walk", "Sit"]) == [
        RecognizedActivity(person: nil, label: "Sit", start: .seconds(2), end: .seconds(3), confidence: 0.75)
      ])
  }
}
