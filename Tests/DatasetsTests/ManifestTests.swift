import Basics
import Foundation
import Networks
import TestSupport
import Testing

@testable import Datasets

@Suite struct `Manifests` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func dataset(_ text: String) throws -> Dataset {
    let path = try folder.write(text, as: "home/own.csv")
    return try Dataset.open(DatasetOptions(kind: .manifest, videos: "", protocolName: "", manifest: path))
  }

  @Test func `manifests list users' own recordings`() throws {
    let found = try dataset(
      #"""
      video,skeleton,label,subject,camera,split
      videos/one.mp4,poses/one.skeleton,sit down,3,1,train
      "videos/two, again.mp4",,"say ""hello""",,,test\#r
      /elsewhere/three.avi, ../poses/three.skeleton , sit down ,4,,validation

      """#)
    #expect(found.name == "own" && found.protocolName == "manifest" && found.skeletonGraph == .ntu25)
    #expect(found.labels == [#"say "hello""#, "sit down"])
    let home = folder.path + "/home"
    #expect(
      found.clips(.train) == [
        Clip(
          name: "one", label: 1, subject: 3, camera: 1, video: home + "/videos/one.mp4",
          skeleton: home + "/poses/one.skeleton")
      ])
    #expect(found.clips(.test) == [Clip(name: "two, again", label: 0, video: home + "/videos/two, again.mp4")])
    let three = try #require(found.clips(.validation).first)
    #expect(three.video == "/elsewhere/three.avi" && three.subject == 4 && three.camera == nil)
    #expect(three.skeleton == home + "/../poses/three.skeleton")
    #expect(found.inventory.withoutPoses == ["two, again"])
  }

  @Test func `manifests list parts of long recordings`() throws {
    let found = try dataset(
      "video,label,split,begin,end\nday.mp4,walk,train,2.5,4\nday.mp4,sit,train,4,9.25\nother.mp4,sit,train,,\n")
    let parts = found.clips(.train)
    #expect(parts.map(\.name) == ["day@2.5", "day@4.0", "other"])
    #expect(parts.map(\.recording) == ["day", "day", "other"])
    #expect(parts.map(\.part) == [2.5..<4, 4..<9.25, nil])
    #expect(parts.onePerRecording.map(\.name) == ["day@2.5", "other"])
  }

  @Test(arguments: [
    ("a.mp4,walk,train,3,", "line 2: a part has both a begin and an end"),
    ("a.mp4,walk,train,3,3", "line 2: it begins at 3.0 s and ends at 3.0 s"),
    ("a.mp4,walk,train,-1,3", "line 2: begin is '-1', which is not a number of seconds"),
    ("a.mp4,walk,train,1,soon", "line 2: end is 'soon', which is not a number of seconds"),
    ("a.mp4,walk,train,1,nan", "line 2: end is 'nan', which is not a number of seconds"),
    ("a.mp4,walk,train,1,2\na.mp4,sit,test,1,3", "'a@1.0' appears twice; a column name can tell them apart"),
    (
      "x.mp4,walk,train,,\nx.mp4;walk;test;;", "line 3 has 1 fields, but the first line has 5"
    ),
    (
      "x/a.mp4,walk,train,1,2\ny/a.mp4,sit,test,3,4",
      "two recordings are called 'a': HOME/x/a.mp4 and HOME/y/a.mp4; rename one"
    ),
  ])
  func `manifests with invalid parts are refused`(lines: String, reason: String) {
    let home = folder.path + "/home"
    #expect(
      failure { _ = try dataset("video,label,split,begin,end\n" + lines) }
        == "\(home)/own.csv cannot be read: " + reason.replacing("HOME", with: home))
  }

  @Test(arguments: ["video;label;split\na.mp4;walk;train", "sep=,\nvideo,label,split", "video\tlabel\tsplit"])
  func `manifests with other separators are refused with advice`(text: String) {
    #expect(failure { _ = try dataset(text) }.contains("its columns must be separated by commas"))
  }

  @Test func `manifests determine the frame rate of their videos`() throws {
    let text = "video,label,split\na.avi,walk,train\nb.avi,walk,train"
    #expect(try dataset(text).framesPerSecond == nil)
    try folder.writeVideo("home/b.avi", frames: 3)
    #expect(try dataset(text).framesPerSecond == 30)
  }

  @Test func `manifests whose recordings would share a boxes file are refused`() {
    let text = "video,label,split,name\nx.mp4,walk,train,a/b\ny.mp4,walk,train,a_b"
    #expect(failure { _ = try dataset(text) }.contains("two recordings are called 'a_b'"))
  }

  @Test func `manifests may have columns in any order, and come from Excel`() throws {
    let found = try dataset("\u{feff}split,label,name,video\r\ntrain,walk,a,v.mp4\r\ntest,walk,b,v.mp4\r\n")
    #expect(found.clips(.train).map(\.name) == ["a"] && found.clips(.test).map(\.name) == ["b"])
  }

  @Test func `manifests determine the kind of skeletons by their files`() throws {
    let lcr = lcrText([[madeBody(1, joints: 13)]])
    try folder.write(lcr, as: "home/a.json")
    let header = "video,skeleton,label,split\n"
    #expect(try dataset(header + "a.mp4,a.json,walk,train").skeletonGraph == .smarthome15)
    let joints = madeBody(1, joints: 20).map { "[\($0.x),\($0.y),\($0.z)]" }.joined(separator: ",")
    try folder.write(#"{"skeletons": [[\#(joints)]]}"#, as: "home/a.json")
    #expect(try dataset(header + "a.mp4,a.json,walk,train").skeletonGraph == .kinect20)
    #expect(
      failure { _ = try dataset(header + "a.mp4,a.json,walk,train\nb.mp4,b.skeleton,walk,train") }
        == "\(folder.path)/home/own.csv cannot be read: it mixes .skeleton files with others")
    try folder.write("{}", as: "home/a.json")
    #expect(
      failure { _ = try dataset(header + "a.mp4,a.json,walk,train") }
        .hasPrefix("\(folder.path)/home/a.json cannot be read: it is not LCR-Net's JSON: "))
  }

  @Test(arguments: [
    ("", "it is empty"),
    ("\n \n", "it is empty"),
    ("video,label,split", "it lists no recordings"),
    ("video,label", "its first line has no column split"),
    ("video,label,split,label", "its first line has two columns label"),
    (
      "video,label,split,colour",
      "its first line has a column 'colour'; columns are video, label, split, skeleton, subject, camera, name, begin, end"
    ),
    ("video,label,split\n\na.mp4,walk", "line 3 has 2 fields, but the first line has 3"),
    ("video,label,split\na.mp4,walk,Train", "line 2: split is 'Train'; it must be train, validation or test"),
    ("video,label,split\na.mp4,,train", "line 2: label is empty"),
    ("video,label,split\n,walk,train", "line 2: neither a video nor a skeleton"),
    ("video,label,split,subject\na.mp4,walk,train,P3", "line 2: subject is 'P3', which is not a number"),
    ("video,label,split\n\"a.mp4,walk,train", "line 2: a quote is not closed"),
    (
      "video,label,split\na.mp4,walk,train\nb/a.avi,walk,test",
      "'a' appears twice; a column name can tell them apart"
    ),
  ])
  func `invalid manifests are refused with the reason`(text: String, reason: String) {
    #expect(failure { _ = try dataset(text) } == "\(folder.path)/home/own.csv cannot be read: \(reason)")
  }

  @Test func `the error for a missing manifest asks for one`() throws {
    func message(_ manifest: String?) -> String {
      failure { _ = try Dataset.open(DatasetOptions(kind: .manifest, videos: "", manifest: manifest)) }
    }
    #expect(
      message(nil)
        == "data.manifest is ''; it must be a CSV file with the columns video, label, split, skeleton, subject, camera, name, begin, end"
    )
    #expect(message("/no/such.csv") == "/no/such.csv is missing: data.manifest lists the recordings")
    let binary = try folder.write([0xff, 0xfe, 0x00], as: "binary.csv")
    #expect(message(binary) == "\(binary) cannot be read: it is not UTF-8 text of at most 256 MiB")
  }

  @Test func `damaged manifests are read or refused`() {
    let sound = [UInt8](
      "video,skeleton,label,subject,camera,split\n\"a, b.mp4\",,walk,3,1,train\nc.mp4,,sit,,2,test\n".utf8)
    let alphabet = [UInt8]("\",\n\r 0a\u{e9}".utf8)
    var refused = 0
    for seed in 0..<UInt64(400) {
      var random = SplitMix64(seed: seed)
      var bytes = sound
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = alphabet.randomElement(using: &random) ?? 0
      }
      let message = failure { _ = try dataset(String(decoding: bytes, as: UTF8.self)) }
      #expect(message.isEmpty || message.hasPrefix("\(folder.path)/home/own.csv cannot be read: "), "seed \(seed)")
      refused += message.isEmpty ? 0 : 1
    }
    #expect((50..<400).contains(refused))
  }
}

@Suite struct `Subsets of manifests` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// 240 training and 60 test recordings of three labels and ten people; every fifth without a skeleton.
  private func manifest() throws -> String {
    var lines = ["video,skeleton,label,subject,split"]
    for index in 0..<300 {
      lines.append(
        "v\(index).mp4,\(index % 5 == 0 ? "" : "v\(index).skeleton"),\(["cut", "stir, slowly", "idle"][index % 3]),"
          .replacing("stir, slowly", with: "\"stir, slowly\"") + "\(index / 3 % 10),\(index < 240 ? "train" : "test")")
    }
    return try folder.write(lines.joined(separator: "\n") + "\n", as: "home/CS.csv")
  }

  private func dataset(_ subset: ManifestSubset) throws -> Dataset {
    let path = try folder.write(try subset.list(of: manifest()), as: "home/part.csv")
    return try Dataset.open(DatasetOptions(kind: .manifest, videos: "", manifest: path))
  }

  @Test func `subsets keep each label's share, from as many people as there are`() throws {
    var subset = ManifestSubset()
    subset.shares = [.train: 0.1, .test: 0.5]
    let found = try dataset(subset)
    #expect(found.inventory.counts[.train] == [8, 8, 8] && found.inventory.counts[.test] == [10, 10, 10])
    for label in 0..<3 {
      let people = found.clips(.train).filter { $0.label == label }.compactMap(\.subject)
      #expect(Set(people).count == people.count)
    }
  }

  @Test func `subsets are the same for the same seed, differ for others, and are whole if nothing is dropped`() throws {
    var subset = ManifestSubset()
    #expect(try subset.list(of: manifest()) == String(contentsOfFile: manifest(), encoding: .utf8))
    subset.shares = [.train: 0.1]
    let first = try subset.list(of: manifest())
    #expect(try subset.list(of: manifest()) == first)
    subset.seed = 2
    #expect(try subset.list(of: manifest()) != first)
  }

  @Test func `subsets can be limited to recordings with both video and skeleton`() throws {
    var subset = ManifestSubset()
    subset.needsBoth = true
    let found = try dataset(subset)
    #expect(found.clips(.train).count == 192 && found.inventory.withoutPoses.isEmpty)
    let bare = try folder.write("video,label,split\nv.mp4,cut,train\n", as: "home/bare.csv")
    #expect(
      failure { _ = try subset.list(of: bare) }
        == "\(bare) cannot be read: nothing is left of it: no recording has both video and skeleton")
  }
}
