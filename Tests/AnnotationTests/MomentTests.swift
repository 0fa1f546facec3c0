import Pipeline
import Recognition
import Testing
import Video

@testable import Annotation

struct MomentTests {
  private let left = PictureBox(x: 0, y: 0.2, width: 0.2, height: 0.4)
  private let right = PictureBox(x: 0.8, y: 0.4, width: 0.1, height: 0.6)

  @Test func `a box moves evenly between two known places`() throws {
    let person = madePerson(1, until: 2, boxes: [(1, left), (2, right)])
    #expect(person.box(at: .seconds(1)) == left)
    #expect(person.box(at: .seconds(2)) == right)
    let box = try #require(person.box(at: .seconds(1.25)))
    for (value, expected) in [(box.x, 0.2), (box.y, 0.25), (box.width, 0.175), (box.height, 0.45)] {
      #expect(abs(value - expected) < 1e-12)
    }
  }

  @Test func `there is no box before a person is found or after they have left`() {
    let person = madePerson(1, until: 3, boxes: [(1, left), (2, right), (4, left)])
    #expect(person.box(at: .seconds(0.99)) == nil)
    #expect(person.box(at: .seconds(3)) != nil)
    #expect(person.box(at: .seconds(3.2)) == nil)
    #expect(madePerson(1).box(at: .seconds(1)) == nil)
  }

  @Test func `the last place also applies to frames after the last sample`() {
    let person = madePerson(1, until: 2.3, boxes: [(1, left), (2, right)])
    #expect(person.box(at: .seconds(2.3)) == right)
    #expect(person.box(at: .seconds(2.36)) == right)
  }

  @Test func `two places at the same time cause no division by zero`() {
    #expect(madePerson(1, boxes: [(1, left), (1, right)]).box(at: .seconds(1)) == right)
  }

  @Test func `an activity lasts from its onset until just before its offset`() {
    let timeline = madePerson(1, activities: [(0, 1.0, 2.0), (1, 2.0, 3.0), (0, 5.0, 6.0)]).timeline
    let found = [0.5, 1, 1.9, 2, 3, 5.5, 6].map { timeline.activity(at: .seconds($0))?.index }
    #expect(found == [nil, 0, 0, 1, nil, 0, nil])
  }

  @Test func `scores are those of the window with the nearest middle`() {
    let timeline = madePerson(1, windows: [(0, [1]), (1, [2]), (2, [3]), (20, [4])]).timeline
    let found = [0, 2, 2.4, 2.6, 3.6, 6.9, 7.1, 19.5, 24.5, 26].map {
      timeline.window(at: .seconds($0))?.scores.probabilities.first
    }
    #expect(found == [1, 1, 1, 2, 3, 3, nil, 4, 4, nil])
  }

  @Test func `a moment contains everyone present, with their three best scores`() {
    let result = madeResult([
      madePerson(1, boxes: [(0, left)], windows: [(0, [0.1, 0.2, 0.3, 0.4])], activities: [(3, 0, 9)]),
      madePerson(2, boxes: [(50, left)]), madePerson(3, boxes: [(0, right)]),
    ])
    let moment = Moment(result, labels: ["A", "B", "C", "D"], at: .seconds(2))
    #expect(moment.subjects.map(\.person) == [1, 3])
    #expect(moment.subjects[0].activity == Moment.Candidate(label: "D", share: 0.75))
    #expect(moment.subjects[0].top.map(\.label) == ["D", "C", "B"])
    #expect(moment.subjects[1].activity == nil && moment.subjects[1].top.isEmpty)
  }

  @Test func `the scene's caption has labels and no box`() {
    let result = madeScene(madePerson(1, windows: [(0, [0.9, 0.1])], activities: [(0, 0, 9)]))
    let subject = Moment(result, labels: ["A", "B"], at: .seconds(2)).subjects.first
    #expect(subject?.person == nil && subject?.box == nil && subject?.activity?.label == "A")
  }
}
