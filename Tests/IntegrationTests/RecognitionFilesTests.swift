import Capture
import Foundation
import Testing
import Video

@Suite struct `Files written by recognize` {
  private static let walk = Programs.walk(seconds: 10, rate: 10, size: "160x120")

  private func times(_ path: String) throws -> [Duration] {
    var file = try MediaFile(.file(path))
    var frame = Frame()
    var times: [Duration] = []
    while try file.next(into: &frame, timeout: .seconds(1)) == .frame { times.append(frame.timestamp) }
    return times
  }

  @Test(.timeLimit(.minutes(5))) func `video, subtitles, table and JSON from one run agree`() throws {
    let programs = try Programs()
    let (video, subtitles, csv) = (
      "\(programs.folder)/out.mp4", "\(programs.folder)/out.srt", "\(programs.folder)/out.csv"
    )
    let outcome = try programs.run(
      "adl", "recognize", Self.walk, "--model", Programs.peopleModel, "--threads", "1", "--json", "--video", video,
      "--subtitles",
      subtitles, "--csv", csv)
    #expect(outcome.status == 0, "\(outcome.errors)")

    let report = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    let people = try #require(report["people"] as? [[String: Any]])
    let activities = people.flatMap { $0["activities"] as? [[String: Any]] ?? [] }
    #expect(!activities.isEmpty)
    let rows = try String(contentsOfFile: csv, encoding: .utf8).split(separator: "\n").map { $0.split(separator: ",") }
    #expect(rows.first == ["person", "label", "start", "end", "confidence"])
    #expect(rows.dropFirst().map { String($0[1]) } == activities.compactMap { $0["label"] as? String })
    for (row, activity) in zip(rows.dropFirst(), activities) {
      #expect(abs((Double(row[2]) ?? .nan) - (activity["onset"] as? Double ?? .nan)) < 0.001)
    }
    let cues = try String(contentsOfFile: subtitles, encoding: .utf8).components(separatedBy: "\n\n").filter {
      !$0.isEmpty
    }
    #expect(cues.count == activities.count)
    for cue in cues {
      #expect(cue.contains(/^\d+\n\d\d:\d\d:\d\d,\d\d\d --> \d\d:\d\d:\d\d,\d\d\d\nPerson \d+: .+ \(\d+ %\)$/))
    }

    let information = try MediaFile(.file(video)).information
    #expect(information.size == FrameSize(width: 160, height: 120))
    #expect(information.duration == .seconds(10))
    #expect(try times(video) == (0..<100).map { .milliseconds(100 * $0) })
  }

  @Test(.timeLimit(.minutes(5)), arguments: [SIGTERM, SIGKILL])
  func `a run stopped while drawing leaves no video under the final name`(signal: Int32) async throws {
    let programs = try Programs()
    let video = "\(programs.folder)/out.mp4"
    let running = try programs.start(
      "adl",
      [
        "recognize", Programs.walk(seconds: 15, rate: 10, size: "160x120"), "--model", Programs.peopleModel, "--scene",
        "--hop", "16", "--threads", "1", "--video", video,
      ])
    while !FileManager.default.fileExists(atPath: "\(programs.folder)/.out.mp4.part") {
      try await Task.sleep(for: .milliseconds(20))
    }
    if signal == SIGTERM { running.terminate() } else { running.kill() }
    #expect(running.finish().status != 0)
    #expect(!FileManager.default.fileExists(atPath: video))
  }

  @Test(
    .timeLimit(.minutes(2)),
    arguments: [
      (["/dev/video0"], ["--video", "OUT/a.mp4"], "--video reads its source twice, but /dev/video0 is a camera"),
      (["synthetic:1?length=2"], ["--video", "OUT/a.avi"], "must end in .mp4"),
      (["synthetic:1?length=2"], ["--csv", "OUT/a", "--subtitles", "OUT/./a"], "are the same file"),
      (["synthetic:1?length=2", "other.mp4"], ["--csv", "OUT/a"], "Unexpected argument 'other.mp4'"),
      (["OUT/film.mp4"], ["--video", "OUT/film.mp4"], "--video would overwrite OUT/film.mp4, which is an input"),
      (["synthetic:1?length=2"], ["--csv", "OUT/none/a"], "cannot write OUT/none/a: No such file or directory"),
      (["synthetic:1?length=2"], ["--csv", "OUT"], "cannot write OUT: it is not a regular file"),
    ])
  func `output that cannot be written is refused before recognition`(
    source: [String], options: [String], reason: String
  ) throws {
    let programs = try Programs()
    _ = try programs.write("no film", to: "film.mp4")
    func named(_ text: String) -> String { text.replacing("OUT", with: programs.folder) }
    let outcome = try programs.start(
      "adl", (["recognize"] + source + ["--model", Programs.peopleModel] + options).map(named)
    ).finish()
    #expect(outcome.status == 64 || outcome.status == 65)
    #expect(outcome.errors.contains(named(reason)), "\(outcome.errors)")
    #expect(try String(contentsOfFile: "\(programs.folder)/film.mp4", encoding: .utf8) == "no film")
  }
}
