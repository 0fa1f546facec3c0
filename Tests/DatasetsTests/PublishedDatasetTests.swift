import Foundation
import Networks
import TestSupport
import Testing

@testable import Datasets

/// A folder with an empty file for every name, because files are found by name only.
private func folder(of names: some Sequence<String>) throws -> TemporaryFolder {
  let folder = try TemporaryFolder()
  for name in names { try folder.write("", as: name) }
  return folder
}

private func open(_ kind: DatasetKind, _ folder: TemporaryFolder, _ protocolName: String, validation: Bool = true)
  throws(DatasetError) -> Dataset
{
  try Dataset.open(
    DatasetOptions(kind: kind, videos: folder.path, protocolName: protocolName, holdsOutValidation: validation))
}

private func sizes(_ dataset: Dataset) -> [Int] { Partition.allCases.map { dataset.clips($0).count } }

@Suite struct `NTU RGB+D` {
  private func ntu(_ kind: DatasetKind, _ protocolName: String) throws -> NTU {
    try NTU(DatasetOptions(kind: kind, videos: "", protocolName: protocolName))
  }

  private func name(setup: Int = 1, camera: Int = 1, subject: Int = 1, action: Int = 1) -> String {
    func digits(_ value: Int) -> String { String(String(value + 1000).dropFirst()) }
    return "S\(digits(setup))C\(digits(camera))P\(digits(subject))R002A\(digits(action))"
  }

  private func partitions(_ dataset: NTU, _ names: [String]) -> [Partition?] {
    names.map { dataset.clip(named: $0)?.partition }
  }

  @Test func `NTU has the published names and missing skeletons`() throws {
    #expect(digest(try ntu(.ntu120, "CS").labels) == 0x6ea6_92ac_6201_bcbd)
    #expect(try ntu(.ntu60, "CS").labels == Array(ntu(.ntu120, "CS").labels.prefix(60)))
    let missing = NTUMissingSkeletons.names
    #expect(missing.count == 535 && digest(missing.sorted()) == 0x8e4d_f12b_1a8d_7e4e)
    let small = try ntu(.ntu60, "CS")
    let ofSmall = missing.filter { small.clip(named: $0) != nil }
    #expect(ofSmall.count == 302 && digest(ofSmall.sorted()) == 0xd301_e10c_1972_f82b)
    #expect(ofSmall.allSatisfy { small.clip(named: $0)?.partition == nil })
  }

  @Test func `NTU is split by subject`() throws {
    let small = try ntu(.ntu60, "CS")
    let found = (1...40).map { (subject: $0, partition: small.clip(named: name(subject: $0))?.partition) }
    let training = found.filter { $0.partition != .test }.map(\.subject)
    #expect(training == [1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38])
    #expect(
      found.filter { $0.partition == .validation }.map(\.subject) == [8, 16, 27, 38], "every fifth training subject")
    let large = try ntu(.ntu120, "CS")
    let others = (41...106).filter { large.clip(named: name(subject: $0))?.partition != .test }
    #expect(
      others == [
        45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94,
        95, 97, 98, 100, 103,
      ])
  }

  @Test func `NTU is split by camera and by setup`() throws {
    let view = try ntu(.ntu60, "CV")
    #expect(partitions(view, (1...3).map { name(camera: $0) }) == [.test, .train, .train])
    #expect(partitions(view, (1...3).map { name(camera: $0, subject: 8) }) == [.test, .validation, .validation])
    // Subject 3 tests under CS but trains here.
    #expect(partitions(view, [name(camera: 2, subject: 3)]) == [.train])
    let setup = try ntu(.ntu120, "CSet")
    let odd = (1...32).filter { setup.clip(named: name(setup: $0))?.partition == .test }
    #expect(odd == Array(stride(from: 1, through: 31, by: 2)))
  }

  @Test func `NTU names are read completely, and no others`() throws {
    let small = try ntu(.ntu60, "CS")
    let clip = try #require(small.clip(named: "S017C003P040R001A060")?.clip)
    #expect(clip.setup == 17 && clip.camera == 3 && clip.subject == 40 && clip.label == 59)
    for foreign in [
      "S018C001P001R001A001", "S001C004P001R001A001", "S001C001P041R001A001", "S001C001P001R001A061",
      "S001C001P001R001A000", "S1C1P1R1A1", "S001C001P001R001A001x", "s001C001P001R001A001", "S001C001P001R001A+01", "",
      "S٠٠١C001P001R001A001",
    ] { #expect(small.clip(named: foreign) == nil, "\(foreign)") }
    #expect(try ntu(.ntu120, "CS").clip(named: "S032C001P106R001A120")?.clip.label == 119)
  }

  @Test func `NTU is found in subfolders and paired by name`() throws {
    let folder = try folder(of: [
      "rgb/s001/S001C001P001R001A001_rgb.avi", "rgb/s001/S001C001P003R001A002_rgb.AVI",
      "rgb/S001C002P005R002A008_rgb.avi",
      "rgb/notes.mp4", "rgb/notes.txt", "skeletons/S001C001P001R001A001.skeleton",
      "skeletons/S001C001P008R001A060.skeleton",
    ])
    let dataset = try Dataset.open(
      DatasetOptions(kind: .ntu60, videos: folder.path + "/rgb", skeletons: folder.path + "/skeletons"))
    #expect(dataset.name == "NTU RGB+D 60" && dataset.skeletonGraph == .ntu25)
    let clip = try #require(dataset.clips(.train).first)
    #expect(clip.name == "S001C001P001R001A001")
    #expect(clip.video?.hasSuffix("/rgb/s001/S001C001P001R001A001_rgb.avi") == true)
    #expect(clip.skeleton?.hasSuffix("/skeletons/S001C001P001R001A001.skeleton") == true)
    #expect(dataset.clips(.validation).map(\.name) == ["S001C001P008R001A060"])
    #expect(dataset.clips(.test).map(\.name) == ["S001C001P003R001A002"])
    let inventory = dataset.inventory
    #expect(inventory.withoutPoses == ["S001C001P003R001A002"])
    #expect(inventory.withoutVideo == ["S001C001P008R001A060"])
    #expect(inventory.dropped == ["S001C002P005R002A008"])
    #expect(inventory.foreign == ["notes"])
    #expect(inventory.counts[.train]?[0] == 1 && inventory.counts[.validation]?[59] == 1)
    #expect(inventory.counts.values.map { $0.reduce(0, +) }.reduce(0, +) == 3)
  }

  @Test func `the folder of NTU recordings may be a symbolic link`() throws {
    let real = try folder(of: ["S001C001P001R001A001_rgb.avi"])
    let links = try TemporaryFolder()
    try FileManager.default.createSymbolicLink(atPath: links.path + "/ntu", withDestinationPath: real.path)
    let dataset = try Dataset.open(DatasetOptions(kind: .ntu60, videos: links.path + "/ntu"))
    #expect(dataset.clips(.train).count == 1)
  }

  @Test func `NTU with two copies of a file always uses the same one`() throws {
    for folders in [["a", "b"], ["b", "a"]] {
      let folder = try folder(of: folders.map { "\($0)/S001C001P001R001A001_rgb.avi" })
      let dataset = try open(.ntu60, folder, "CS")
      #expect(dataset.clips(.train).first?.video?.hasSuffix("/a/S001C001P001R001A001_rgb.avi") == true)
    }
  }
}

@Suite struct `Toyota Smarthome` {
  /// Empty files with the number of clips per class, subject and camera.
  private func wholeFolder() throws -> TemporaryFolder {
    try folder(
      of: fixture("smarthome_clips").flatMap { row in
        zip(1...7, row.dropFirst(2)).flatMap { camera, count in
          (0..<(Int(count) ?? 0)).map {
            String(format: "%@_p%02d_r%02d_v01_c%02d.mp4", row[0], Int(row[1]) ?? 0, $0, camera)
          }
        }
      })
  }

  @Test func `Smarthome has the published lists`() throws {
    let folder = try wholeFolder()
    let published = try fixture("smarthome_counts")
    let columns = ["CS": [3, 4, 5], "CV1": [6, 8, 9], "CV2": [7, 8, 9]]
    let expected = ["CS": [8829, 1853, 5433], "CV1": [1877, 3539, 1901], "CV2": [7806, 3539, 1901]]
    for (name, columns) in columns {
      let dataset = try open(.smarthome, folder, name)
      #expect(sizes(dataset) == expected[name])
      let classes = published.filter { $0[name == "CS" ? 1 : 2] != "-1" }
        .sorted { (Int($0[name == "CS" ? 1 : 2]) ?? 0) < (Int($1[name == "CS" ? 1 : 2]) ?? 0) }
      #expect(dataset.labels == classes.map { $0[0] })
      for (partition, column) in zip(Partition.allCases, columns) {
        #expect(dataset.inventory.counts[partition] == classes.map { Int($0[column]) ?? -1 }, "\(name) \(partition)")
      }
      let clips = Partition.allCases.flatMap(dataset.clips)
      #expect(Set(clips.map(\.name)).count == clips.count, "partitions are disjoint")
      #expect(clips.allSatisfy { dataset.labels[$0.label] == $0.name.prefix { $0 != "_" } })
      #expect(clips.allSatisfy { !$0.name.hasPrefix("Pour.Fromcup") })
      #expect(dataset.inventory.foreign.isEmpty)
      if name == "CS" {
        #expect(clips.count == 16_115)
        #expect(dataset.inventory.dropped.count == 14)
        #expect(dataset.inventory.dropped.allSatisfy { $0.hasPrefix("Pour.Fromcup_") })
      }
    }
    #expect(try sizes(open(.smarthome, folder, "CS", validation: false)) == [10_682, 0, 5433])
    // The cross-view validation camera is not part of the published training set.
    #expect(try sizes(open(.smarthome, folder, "CV2", validation: false)) == [7806, 3539, 1901])
  }

  @Test func `Smarthome's activities are numbered as in the video code`() throws {
    let folder = try folder(of: ["Usetablet_p03_r00_v01_c01.mp4", "Usetelephone_p03_r00_v01_c01.mp4"])
    let subjects = try open(.smarthome, folder, "CS")
    #expect(subjects.labels.count == 31 && digest(subjects.labels) == 0x726882b47fcf7cca)
    #expect(subjects.clips(.train).map(\.label) == [27, 28])
    let views = try open(.smarthome, folder, "CV1")
    #expect(views.labels.count == 19 && digest(views.labels) == 0x7486a16617ca6516)
    #expect(views.clips(.train).map(\.label) == [16, 17])
  }

  @Test func `Smarthome is paired by name, and clips without an activity are recognised`() throws {
    let folder = try folder(of: [
      "mp4/Cook.Cut_p19_r00_v01_c03.mp4", "json/Cook.Cut_p19_r00_v01_c03_pose3d.json",
      "json/Walk_p02_r00_v01_c02_pose3d.json", "mp4/Dance_p02_r00_v01_c02.mp4", "mp4/Pour.Fromcup_p02_r00_v01_c02.mp4",
      "mp4/Walk_p02_r00_v01.mp4", "mp4/Walk.mp4", "mp4/Walk_p21_r00_v01_c02.mp4",
    ])
    let dataset = try open(.smarthome, folder, "CS")
    let clip = try #require(dataset.clips(.validation).first)
    #expect(clip.subject == 19 && clip.camera == 3 && dataset.labels[clip.label] == "Cook.Cut")
    #expect(clip.video != nil && clip.skeleton != nil)
    #expect(dataset.inventory.withoutVideo == ["Walk_p02_r00_v01_c02"])
    #expect(dataset.inventory.foreign == ["Dance_p02_r00_v01_c02", "Walk", "Walk_p02_r00_v01"])
    #expect(dataset.inventory.dropped == ["Pour.Fromcup_p02_r00_v01_c02", "Walk_p21_r00_v01_c02"])
  }
}

@Suite struct `N-UCLA` {
  @Test func `N-UCLA is recognised in both published layouts`() throws {
    let folder = try TemporaryFolder()
    for view in 1...3 {
      for name in ["a01_s01_e00", "a02_s10_e01"] {
        for frame in [1, 2, 10] {
          try folder.write("", as: "A/view_\(view)/\(name)/frame_\(frame)_tc_5_rgb.jpg")
          try folder.write("", as: "A/view_\(view)/\(name)/frame_\(frame)_tc_5_depth.png")
          try folder.write("", as: "A/view_\(view)/\(name)/frame_\(frame)_tc_5_skeletons.txt")
        }
        try folder.write("1 0 5\n2 0 5\n10 0 5\n", as: "A/view_\(view)/\(name)/fileList.txt")
        try folder.write("", as: "B/\(name.prefix(3))/v0\(view)\(name.dropFirst(3)).avi")
      }
    }
    for (layout, hasSkeletons) in [("A", true), ("B", false)] {
      let options = DatasetOptions(kind: .nucla, videos: folder.path + "/" + layout, protocolName: "cross3")
      let dataset = try Dataset.open(options)
      #expect(dataset.inventory.foreign == [])
      #expect(dataset.clips(.train).map(\.name) == ["a01_s01_e00_c01", "a01_s01_e00_c02"], "\(layout)")
      #expect(dataset.clips(.validation).map(\.name) == ["a02_s10_e01_c01", "a02_s10_e01_c02"])
      #expect(dataset.clips(.test).map(\.name) == ["a01_s01_e00_c03", "a02_s10_e01_c03"])
      let all = Partition.allCases.flatMap(dataset.clips)
      #expect(all.allSatisfy { $0.video != nil && ($0.skeleton != nil) == hasSkeletons })
    }
  }

  @Test func `N-UCLA has the published lists`() throws {
    let names = try fixture("nucla_clips").flatMap { row in
      row[3].split(separator: " ").map { episode in
        String(format: "a%02d_s%02d_e%02d_c%02d", Int(row[0])!, Int(row[1]) ?? 0, Int(episode)!, Int(row[2])!)
      }
    }
    #expect(names.count == 1485)
    let folder = try folder(of: names.map { $0 + ".json" })
    for (camera, (train, test, dropped)) in [
      (968, 516, ["a05_s07_e00_c01"]), (981, 504, []),
      (1019, 463, ["a02_s09_e04_c02", "a02_s09_e04_c03", "a05_s07_e00_c01"]),
    ].enumerated() {
      let dataset = try open(.nucla, folder, "cross\(camera + 1)", validation: false)
      #expect(sizes(dataset) == [train, 0, test])
      #expect(dataset.clips(.test).allSatisfy { $0.camera == camera + 1 })
      #expect(dataset.clips(.train).allSatisfy { $0.camera != camera + 1 })
      #expect(dataset.inventory.dropped == dropped)
      #expect(dataset.labels.count == 10 && dataset.inventory.counts[.train]?.allSatisfy { $0 > 0 } == true)
      let held = try open(.nucla, folder, "cross\(camera + 1)")
      #expect(held.clips(.validation).allSatisfy { $0.subject == 10 && $0.camera != camera + 1 })
      #expect(held.clips(.validation).count + held.clips(.train).count == train && !held.clips(.validation).isEmpty)
    }
  }

  @Test func `N-UCLA's ten actions are numbered in order`() throws {
    let dataset = try NUCLA(DatasetOptions(kind: .nucla, videos: "", protocolName: "cross3"))
    let labels = (1...13).map { dataset.clip(named: String(format: "a%02d_s01_e00_c01", $0))?.clip.label }
    #expect(labels == [0, 1, 2, 3, 4, 5, nil, 6, 7, nil, 8, 9, nil])
  }

  @Test func `N-UCLA recordings may be folders of pictures`() throws {
    let folder = try folder(of: [
      "a01_s02_e03_c01/frame_0.jpg", "a01_s02_e03_c01/frame_1.jpg", "poses/a01_s02_e03_c01.json",
    ])
    let clip = try #require(try open(.nucla, folder, "cross3").clips(.train).first)
    #expect(clip.video?.hasSuffix("/a01_s02_e03_c01") == true && clip.skeleton?.hasSuffix(".json") == true)
  }
}

@Suite struct Weizmann {
  @Test func `Weizmann leaves one actor out`() throws {
    let actions = ["bend", "jack", "jump", "pjump", "run", "side", "skip", "walk", "wave1", "wave2"]
    let folder = try folder(
      of: Datasets.Weizmann.actors.flatMap { actor in actions.map { "\($0)/\(actor)_\($0).avi" } })
    for (index, actor) in Datasets.Weizmann.actors.enumerated() {
      #expect(sizes(try open(.weizmann, folder, actor)) == [70, 10, 10])
      let whole = try open(.weizmann, folder, actor, validation: false)
      #expect(sizes(whole) == [80, 0, 10])
      #expect(whole.clips(.test).allSatisfy { $0.name.hasPrefix(actor) && $0.subject == index + 1 })
      #expect(whole.clips(.test).map(\.label).sorted() == Array(0..<10))
    }
  }

  @Test func `Weizmann's takes are distinguished from actions`() throws {
    let dataset = try Datasets.Weizmann(DatasetOptions(kind: .weizmann, videos: "", protocolName: "eli"))
    let names = [
      "lena_walk", "lena_walk2", "lena_wave1", "lena_wave2", "lena_wave21", "lena_wave", "lena_walk22", "max_walk",
    ]
    #expect(names.map { dataset.clip(named: $0)?.clip.label } == [7, 7, 8, 9, 9, nil, nil, nil])
  }
}

@Suite struct `Missing data sets` {
  @Test func `missing data sets are named with what to change`() throws {
    let folder = try folder(of: ["holiday.mp4"])
    func message(_ kind: DatasetKind, _ protocolName: String) -> String {
      failure { _ = try open(kind, folder, protocolName) }
    }
    #expect(message(.ntu60, "CSet") == "data.protocol is 'CSet'; it must be CS or CV")
    #expect(message(.ntu120, "CV") == "data.protocol is 'CV'; it must be CS or CSet")
    #expect(message(.smarthome, "cs") == "data.protocol is 'cs'; it must be CS, CV1 or CV2")
    #expect(message(.nucla, "CS") == "data.protocol is 'CS'; it must be cross1, cross2 or cross3")
    #expect(
      message(.weizmann, "CS") == "data.protocol is 'CS'; it must be the test actor: daria, denis, eli, ido, ira, "
        + "lena, lyova, moshe, shahar")
    #expect(
      message(.smarthome, "CS")
        == "\(folder.path) cannot be read: no file in it is named as in Toyota Smarthome; data.videos is the folder of the videos"
    )
    #expect(
      failure { _ = try Dataset.open(DatasetOptions(kind: .ntu60, videos: "")) }
        == "data.videos is ''; it must be the folder of the recordings")
    #expect(
      failure { _ = try Dataset.open(DatasetOptions(kind: .ntu60, videos: folder.path, skeletons: "/no/such")) }
        == "/no/such is missing: data.skeletons is the folder of the recordings")
    #expect(
      failure { _ = try Dataset.open(DatasetOptions(kind: .ntu60, videos: folder.path + "/holiday.mp4")) }
        == "\(folder.path)/holiday.mp4 is missing: data.videos is the folder of the recordings")
  }
}
