import Foundation
import Testing

@Suite struct `Scores of recognised streams` {
  private static let truth = "begin,end,label\n0,5,idle\n5,9,Walk\n9,12,unknown\n12,15,Drink\n"

  /// The output of `adl watch --json`: the camera has been online since 100 s; somebody walks from 106 to 109 s, and
  /// drinks from 112.5 s on.
  private static let log = [
    #"{"notice":"no sign from the daemon; waiting for it"}"#,
    line(
      "state", 101, #""type":"state","camera":"room","state":"empty","condition":"online","since":\#(instant(100))"#),
    line("event", 107, activity("activity.start", "Walk", 106)),
    line("event", 110, activity("activity.end", "Walk", 106) + #","offset":\#(instant(109))"#),
    line("event", 113, activity("activity.start", "Drink", 112.5)),
  ].joined(separator: "\n")

  private static func line(_ kind: String, _ seconds: Double, _ body: String) -> String {
    #"{"topic":"adl/1/test/room/\#(kind)/","message":{"schema":"adl.event/1","epoch":"e","seq":1,"node":"test","#
      + #""time":"","mono_ns":\#(Int(seconds * 1e9)),"boot_id":"b",\#(body)}}"#
  }

  private static func instant(_ seconds: Double) -> String { #"{"time":"","mono_ns":\#(Int(seconds * 1e9))}"# }

  private static func activity(_ type: String, _ label: String, _ onset: Double) -> String {
    #""type":"\#(type)","id":"\#(label)","camera":"room","activity":{"label":"\#(label)","index":0,"family":"\#(label)"},"#
      + #""confidence":1,"peak":1,"threshold":{"on":1,"off":0},"topk":[],"onset":\#(instant(onset)),"#
      + #""model":{"name":"m","sha256":"0","classes":1}"#
  }

  private struct Score: Decodable, Equatable {
    struct Activity: Decodable, Equatable {
      var label: String
      var onset: Double?
    }

    struct Span: Decodable, Equatable {
      var label: String
    }

    var recognised: Double
    var falsePerMinute: Double
    var quiet: Double?
    var quietWindows: Int
    var seconds: Double
    var activities: [Activity]
    var `false`: [Span]
  }

  private func score(_ outcome: Programs.Outcome) throws -> Score {
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try JSONDecoder().decode(Score.self, from: Data(outcome.output.utf8))
  }

  @Test(.timeLimit(.minutes(5))) func `scores are the same from a recording and from recognize's output for it`() throws
  {
    let programs = try Programs()
    let written = try programs.run(
      "adl", "synth", "--out", programs.folder, "--stream", "8", "--seed", "3", "--activities", "Walk", "--rate", "10",
      "--size", "128x96")
    #expect(written.status == 0, "\(written.errors)")
    let (film, truth) = ("\(programs.folder)/stream.avi", "\(programs.folder)/truth.csv")
    let recognised = try programs.run(
      "adl", "recognize", film, "--model", Programs.peopleModel, "--scene", "--hop", "2", "--threads", "1", "--json")
    let report = try programs.write(recognised.output, to: "report.json")
    let one = try score(
      programs.run(
        "adl", "score", film, "--truth", truth, "--model", Programs.peopleModel, "--scene", "--hop", "2", "--threads",
        "1", "--json"))
    let other = try score(programs.run("adl", "score", report, "--truth", truth, "--json"))
    #expect(one == other)
    #expect(one.activities.map(\.label) == ["Walk"] && one.recognised == 1)
    #expect(one.quietWindows > 3)
    // The rendered people themselves have the same truth as the file.
    let live = try score(
      programs.run(
        "adl", "score", Programs.walk(seconds: 8, rate: 10), "--truth", truth, "--model", Programs.peopleModel,
        "--scene", "--hop", "2", "--threads", "1", "--json"))
    #expect(live.recognised == 1)
    let text = try programs.run("adl", "score", report, "--truth", truth)
    #expect(text.output.contains("recognised       1.00  (1 of 1 activities"), "\(text.output)")
  }

  @Test(.timeLimit(.minutes(2))) func `scores of a report follow from its windows and activities`() throws {
    let programs = try Programs()
    let truth = try programs.write(Self.truth, to: "truth.csv")
    let report = try programs.write(
      """
      {"people":[{"activities":[{"label":"Walk","onset":6.5,"offset":9},{"label":"Drink","onset":2,"offset":4}],
      "windows":[{"time":0,"end":2},{"time":2,"end":4},{"time":4,"end":6},{"time":9,"end":11}]}]}
      """, to: "report.json")
    let score = try score(programs.run("adl", "score", report, "--truth", truth, "--json"))
    #expect(score.activities.map(\.onset) == [6.5, nil] && score.recognised == 0.5)
    #expect(score.false == [.init(label: "Drink")] && score.falsePerMinute == 4)
    #expect(score.quietWindows == 3 && abs((score.quiet ?? 0) - 2.0 / 3) < 1e-9)
    for (option, value, status) in [
      ("--least-recognised", "0.6", Int32(1)), ("--most-false", "3", 1), ("--least-quiet", "0.7", 1),
      ("--least-quiet", "0.6", 0),
    ] {
      #expect(try programs.run("adl", "score", report, "--truth", truth, option, value).status == status)
    }
  }

  @Test(.timeLimit(.minutes(2))) func `scores of a daemon's log start when the camera goes online`() throws {
    let programs = try Programs()
    let truth = try programs.write(Self.truth, to: "truth.csv")
    let log = try programs.write(Self.log, to: "log")
    let score = try score(programs.run("adl", "score", log, "--truth", truth, "--json"))
    // Without windows, every second counts as one: five of idle and three of unknown.
    #expect(score.activities.map(\.onset) == [6, 12.5] && score.false.isEmpty)
    #expect(score.quiet == 1 && score.quietWindows == 8 && score.seconds == 15)
    let other = try programs.run("adl", "score", log, "--truth", truth, "--camera", "hall")
    #expect(other.status == 65 && other.errors.contains("in which the camera 'hall' goes online"))
  }

  @Test(.timeLimit(.minutes(2))) func `scores that cannot be computed are refused with a reason`() throws {
    let programs = try Programs()
    let truth = try programs.write("begin,end,label,person\n0,5,Walk,1\n", to: "truth.csv")
    let bad = try programs.write("begin,end,label\n5,0,Walk\n", to: "bad.csv")
    let report = try programs.write(#"{"people":[]}"#, to: "report.json")
    func errors(_ arguments: String...) throws -> String {
      let outcome = try programs.start("adl", ["score"] + arguments).finish()
      #expect(outcome.status == 64 || outcome.status == 65)
      return outcome.errors
    }
    #expect(try errors(report, "--truth", bad).contains("\(bad), line 2: '5,0,Walk' is not begin,end,label"))
    #expect(try errors(report, "--truth", truth, "--person", "2").contains("has no person 2, only 1"))
    #expect(try errors(bad, "--truth", truth).contains("\(bad) is neither a recording (which needs --model), nor"))
    #expect(try errors(report, "--truth", "/none.csv").contains("/none.csv cannot be read: No such file or directory"))
    for options in [["--scene"], ["--hop", "4"], ["--on", "0.7"], ["--most", "3"]] {
      let outcome = try programs.start("adl", ["score", report, "--truth", truth] + options).finish()
      #expect(outcome.status == 64 && outcome.errors.contains("\(options[0]) applies to recognising a recording"))
    }
    let share = try errors(report, "--truth", truth, "--least-recognised", "2")
    #expect(share.contains("--least-recognised must be 0 to 1"))
    #expect(
      try errors("synthetic:1", "--truth", truth, "--model", Programs.peopleModel).contains("give it a length"))
  }
}
