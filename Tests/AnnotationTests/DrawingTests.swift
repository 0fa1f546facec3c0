import Testing
import Video

@testable import Annotation

struct DrawingTests {
  private static let top = [("Drink.Fromcup", 0.7), ("Walk", 0.2), ("Sit", 0.1)].map {
    Moment.Candidate(label: $0.0, share: Float($0.1))
  }

  private func subject(_ person: Int?, _ box: PictureBox?, label: String = "Drink.Fromcup") -> Moment.Subject {
    Moment.Subject(
      person: person, box: box, activity: Moment.Candidate(label: label, share: 0.87), top: Self.top)
  }

  /// The marks, and a grey picture with them drawn on it.
  private func draw(_ subjects: [Moment.Subject], _ size: FrameSize) throws -> (marks: [Mark], pixels: [UInt8]) {
    var layout = CaptionLayout(size: size)
    var moment = Moment(madeResult([]), labels: [], at: .zero)
    moment.subjects = subjects
    let marks = layout.marks(moment)
    var pixels = [UInt8](repeating: 128, count: size.width * size.height * 3)
    try marks.draw(on: &pixels, size)
    return (marks, pixels)
  }

  @Test(arguments: [
    (1, 1), (2, 2), (1, 40), (40, 1), (3, 7), (17, 33), (64, 48), (161, 121), (641, 479), (1920, 1080),
  ])
  func `pictures of any size can be drawn on, and every mark lies inside`(width: Int, height: Int) throws {
    let size = FrameSize(width: width, height: height)
    let box = PictureBox(x: 0.3, y: 0.3, width: 0.3, height: 0.6)
    for subjects in [[subject(1, box), subject(2, .whole)], [subject(nil, nil)]] {
      for mark in try draw(subjects, size).marks {
        switch mark {
        case .fill(let part, _, _), .outline(let part, _, _):
          #expect(part.x >= 0 && part.y >= 0 && part.x + part.width <= width && part.y + part.height <= height)
        case .text(let text, let x, let y, let lettering, _):
          #expect(x >= 0 && x + lettering.width(of: text) <= width)
          #expect(y - lettering.height >= 0 && y + lettering.descent <= height)
        }
      }
    }
  }

  @Test func `a box's outline is drawn in the person's colour and its middle is unchanged`() throws {
    let size = FrameSize(width: 400, height: 300)
    let box = PictureBox(x: 0.5, y: 0.5, width: 0.25, height: 0.4)
    let (marks, pixels) = try draw([subject(1, box)], size)
    guard case .outline(let outline, let color, _) = try #require(marks.first) else {
      Issue.record("the first mark is not an outline")
      return
    }
    #expect(outline == PixelRectangle(x: 200, y: 150, width: 101, height: 121))
    func pixel(_ x: Int, _ y: Int) -> [UInt8] { Array(pixels[(y * 400 + x) * 3..<(y * 400 + x) * 3 + 3]) }
    #expect(pixel(200, 200) == [color.red, color.green, color.blue])
    #expect(pixel(250, 150) == [color.red, color.green, color.blue])
    #expect(pixel(250, 210) == [128, 128, 128])
  }

  @Test(arguments: [
    PictureBox(x: 1.2, y: 0.2, width: 0.3, height: 0.3), PictureBox(x: -0.5, y: -0.5, width: 0.4, height: 0.4),
    PictureBox(x: .nan, y: 0, width: 1, height: 1), PictureBox(x: 0.5, y: 0.5, width: 0, height: 0.1),
    PictureBox(x: 1e300, y: 0, width: 1e300, height: 1),
  ])
  func `a box outside the picture leaves the picture unchanged`(box: PictureBox) throws {
    let (marks, pixels) = try draw([subject(1, box)], FrameSize(width: 320, height: 240))
    #expect(marks.isEmpty)
    #expect(pixels.allSatisfy { $0 == 128 })
  }

  @Test func `a box that extends beyond the picture is drawn along its edge`() throws {
    let (marks, _) = try draw(
      [subject(1, PictureBox(x: -0.5, y: 0.5, width: 5, height: 0.9))], FrameSize(width: 320, height: 240))
    guard case .outline(let outline, _, _) = try #require(marks.first) else { return }
    #expect(outline == PixelRectangle(x: 0, y: 120, width: 320, height: 120))
  }

  @Test func `panels of people side by side do not cover each other`() throws {
    let boxes = [0.30, 0.42, 0.54].map { PictureBox(x: $0, y: 0.4, width: 0.1, height: 0.4) }
    let (marks, _) = try draw(
      boxes.enumerated().map { subject($0.offset + 1, $0.element) }, FrameSize(width: 1280, height: 720))
    let panels = marks.compactMap { mark -> PixelRectangle? in
      if case .fill(let part, _, 0.65) = mark { part } else { nil }
    }
    #expect(panels.count == 3)
    for (index, one) in panels.enumerated() {
      for other in panels.dropFirst(index + 1) {
        let isApart =
          one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y
          || other.y + other.height <= one.y
        #expect(isApart)
      }
    }
  }

  @Test func `a panel stays on its side while its person jitters`() throws {
    let size = FrameSize(width: 640, height: 480)
    var layout = CaptionLayout(size: size)
    var ups: Set<Bool> = []
    for step in 0..<40 {
      // Exactly where a panel above just fits, or just does not.
      let y = 0.165 + (step.isMultiple(of: 2) ? 0.003 : -0.003)
      let box = PictureBox(x: 0.4, y: y, width: 0.1, height: 0.5)
      var moment = Moment(madeResult([]), labels: [], at: .zero)
      moment.subjects = [subject(1, box)]
      for case .fill(let part, _, 0.65) in layout.marks(moment) { ups.insert(part.y < 70) }
    }
    #expect(ups.count == 1)
  }

  @Test func `long names are cut to fit, and names in any script are drawn in ASCII`() throws {
    let lettering = Lettering(height: 12)
    let long = String(repeating: "Make tea and drink it ", count: 5_000)
    let cut = lettering.fitted(long, into: 200)
    #expect(cut.hasPrefix("Make tea") && cut.hasSuffix("...") && lettering.width(of: cut) <= 200)
    #expect(lettering.fitted("Walk", into: 3).isEmpty)
    #expect("Tür öffnen, café – naïve".inASCII == "Tur offnen, cafe - naive")
    #expect("a\u{0}b\n".inASCII == "a?b?")
    for text in ["水を飲む", "Пить", "🫖", "שתה"] {
      #expect(!text.inASCII.isEmpty && text.inASCII.utf8.allSatisfy { (0x20..<0x7f).contains($0) })
    }
  }

  @Test func `a mark's letters are drawn`() throws {
    let size = FrameSize(width: 100, height: 40)
    var pixels = [UInt8](repeating: 0, count: size.width * size.height * 3)
    let white = Color(red: 255, green: 255, blue: 255)
    try [Mark.text("Person 3", x: 5, y: 30, Lettering(height: 12), white)].draw(on: &pixels, size)
    let rows = (0..<40).filter { y in pixels[y * 300..<(y + 1) * 300].contains { $0 > 128 } }
    #expect(rows.first == 18 && rows.last == 30)
  }
}
