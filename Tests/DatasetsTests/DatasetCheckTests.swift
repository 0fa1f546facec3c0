import Foundation
import Networks
import TestSupport
import Testing

@testable import Datasets

@Suite struct `A check of a data set` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func writePair(_ name: String, video: Int, poses: Int) throws {
    try folder.writeVideo("\(name)_rgb.avi", frames: video)
    try folder.write(ntuText((0..<poses).map { _ in [madeBody(1)] }), as: "\(name).skeleton")
  }

  @Test func `a data set check reports counts, missing pairs and broken files`() throws {
    try writePair("S001C001P001R001A001", video: 5, poses: 5)
    try writePair("S001C001P002R001A001", video: 5, poses: 7)
    try writePair("S001C001P003R001A002", video: 9, poses: 6)
    try writePair("S001C001P008R001A002", video: 5, poses: 5)
    try folder.writeVideo("S001C001P004R001A003_rgb.avi", frames: 3)
    try folder.write("7 and no more", as: "S001C001P008R001A002.skeleton")
    let noVideo = try folder.write("no video", as: "S001C001P005R001A001_rgb.avi")
    try folder.writeVideo("S001C002P005R002A008_rgb.avi", frames: 3)
    try folder.write("", as: "garden.mp4")
    let dataset = try Dataset.open(DatasetOptions(kind: .ntu60, videos: folder.path))
    let steps = Mutexed<[Int]>([])
    let report = DatasetCheck.run(dataset, workers: 3) { done, total in
      steps.change { $0.append(done) }
      #expect(total == 6)
    }
    #expect(steps.value.sorted() == Array(1...6))
    #expect(report.clips == 6)
    #expect(report.broken.map(\.name) == ["S001C001P005R001A001", "S001C001P008R001A002"])
    #expect(report.broken[0].reason.hasPrefix("\(noVideo) cannot be read: "))
    #expect(
      report.broken[1].reason
        == "\(folder.path)/S001C001P008R001A002.skeleton cannot be read: line 1: 'and' instead of a number of bodies")
    #expect(report.unequal.map { "\($0)" } == [#"(name: "S001C001P003R001A002", videoFrames: 9, poseFrames: 6)"#])
    let lines = report.description.split(separator: "\n").map(String.init)
    #expect(lines[0] == "NTU RGB+D 60, CS: 6 clips")
    let width = dataset.labels.map(\.count).max() ?? 0
    #expect(lines[1] == "class".padding(toLength: width, withPad: " ", startingAt: 0) + "   train  validation  test")
    #expect(
      lines[2] == "drink water".padding(toLength: width, withPad: " ", startingAt: 0) + "       3           0     0")
    #expect(
      lines[3] == "eat meal/snack".padding(toLength: width, withPad: " ", startingAt: 0) + "       0           1     1")
    #expect(lines[62] == "all".padding(toLength: width, withPad: " ", startingAt: 0) + "       4           1     1")
    #expect(
      Array(lines[63...].prefix(10)) == [
        "clips without poses: 2", "  S001C001P004R001A003", "  S001C001P005R001A001",
        "clips excluded by the data set's authors: 1", "  S001C002P005R002A008",
        "files that match no clip: 1", "  garden",
        "clips whose video and poses differ in length: 1", "  S001C001P003R001A002: 9 and 6 frames",
        "clips that cannot be read: 2",
      ])
    #expect(lines.count == 75)
  }

  @Test func `a data set check of intact files says so`() throws {
    try writePair("S001C001P001R001A001", video: 4, poses: 4)
    let report = DatasetCheck.run(try .open(DatasetOptions(kind: .ntu60, videos: folder.path)), workers: 1)
    #expect(report.broken.isEmpty && report.unequal.isEmpty)
    #expect(report.description.hasSuffix("\nevery file can be read"))
  }

  @Test func `a data set check refuses what training refuses, and counts frames with unusable numbers`() throws {
    try writePair("S001C001P001R001A001", video: 4, poses: 4)
    try folder.writeVideo("S001C001P002R001A001_rgb.avi", frames: 4)
    let nobody = try folder.write(ntuText([[], [], [], []] as [[[[String]]]]), as: "S001C001P002R001A001.skeleton")
    try folder.writeVideo("S001C001P003R001A001_rgb.avi", frames: 4)
    let sound = madeBody(1).map { ["\($0.x)", "\($0.y)", "\($0.z)"] }
    var bad = sound
    bad[0][0] = "nan"
    try folder.write(ntuText([[sound], [bad], [sound], [sound]]), as: "S001C001P003R001A001.skeleton")
    let dataset = try Dataset.open(DatasetOptions(kind: .ntu60, videos: folder.path))
    let report = DatasetCheck.run(dataset, workers: 1)
    let reason = "\(nobody) cannot be read: nobody is in any of its 4 frames"
    #expect(report.broken.map(\.reason) == [reason])
    var options = ClipOptions()
    options.content = .pose
    let loader = ClipLoader(options, graph: .ntu25)
    let clips = Partition.allCases.flatMap(dataset.clips)
    #expect(
      clips.compactMap { clip in failure { _ = try loader.load(clip, .centre) } }.filter { !$0.isEmpty } == [reason])
    #expect(
      report.description.contains(
        "clips with bodies left out because of unusable numbers: 1\n  S001C001P003R001A001: 1 of 4 frames"))
  }

  @Test func `a data set check follows linked folders once, and refuses those it may not list`() throws {
    try folder.writeVideo("elsewhere/S001C001P001R001A001_rgb.avi", frames: 4)
    try folder.writeVideo("own/S001C001P002R001A001_rgb.m4v", frames: 4)
    let files = FileManager.default
    try files.createSymbolicLink(atPath: folder.path + "/own/more", withDestinationPath: folder.path + "/elsewhere")
    try files.createSymbolicLink(atPath: folder.path + "/elsewhere/back", withDestinationPath: folder.path + "/own")
    let own = DatasetOptions(kind: .ntu60, videos: folder.path + "/own")
    let dataset = try Dataset.open(own)
    #expect(
      Partition.allCases.flatMap(dataset.clips).map(\.name).sorted() == [
        "S001C001P001R001A001", "S001C001P002R001A001",
      ])
    // Root may list everything.
    guard geteuid() != 0 else { return }
    try files.createDirectory(atPath: folder.path + "/own/shut", withIntermediateDirectories: true)
    #expect(unsafe chmod(folder.path + "/own/shut", 0) == 0)
    #expect(failure { _ = try Dataset.open(own) } == "\(folder.path)/own/shut cannot be read: Permission denied")
  }

  @Test func `a data set check covers every part`() throws {
    try folder.writeVideo("day.avi", frames: 90)
    let body = madeBody(1)
    let poses = try folder.write(ntuText((0..<90).map { $0 < 40 ? [body] : [] }), as: "day.skeleton")
    let header = "video,skeleton,label,split,begin,end\nday.avi,day.skeleton,walk,train,"
    let row = "day.avi,day.skeleton,walk,train,"
    let manifest = try folder.write(header + "0,1\n\(row)2,3\n\(row)1,9\n\(row)4,5\n", as: "own.csv")
    let dataset = try Dataset.open(DatasetOptions(kind: .manifest, videos: "", protocolName: "", manifest: manifest))
    let broken = DatasetCheck.run(dataset, workers: 1).broken.map(\.reason)
    #expect(
      broken == [
        "\(folder.path)/day.avi cannot be read: day@1.0 ends at 9.0 s, and the recording is 3.00 s long",
        "\(poses) cannot be read: nobody is in any of its 30 frames",
        "\(folder.path)/day.avi cannot be read: day@4.0 begins at 4.0 s, but the recording is only 3.00 s long",
      ])
  }

  @Test func `a data set check reads every picture of a folder`() throws {
    for index in 0..<3 { try folder.writePicture("a01_s02_e03_c01/frame_\(index).png", grey: 9) }
    try folder.write("no picture", as: "a01_s02_e03_c01/frame_3.png")
    let dataset = try Dataset.open(DatasetOptions(kind: .nucla, videos: folder.path, protocolName: "cross3"))
    let report = DatasetCheck.run(dataset, workers: 1)
    #expect(report.broken.map(\.name) == ["a01_s02_e03_c01"])
    #expect(report.broken.first?.reason.contains("frame_3.png cannot be read: ") == true)
  }

  @Test func `a data set check names twenty of a kind and counts the rest`() throws {
    for index in 10..<32 { try folder.write("", as: "garden \(index).mp4") }
    try writePair("S001C001P001R001A001", video: 4, poses: 4)
    let report = DatasetCheck.run(try .open(DatasetOptions(kind: .ntu60, videos: folder.path)), workers: 2)
    let lines = report.description.split(separator: "\n")
    #expect(lines.contains("files that match no clip: 22"))
    #expect(lines.contains("  garden 29") && lines.contains("  and 2 more") && !lines.contains("  garden 30"))
  }
}
