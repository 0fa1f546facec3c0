import Foundation
package import Networks

/// One labelled recording, or a labelled part of one.
package struct Clip: Hashable, Sendable {
  /// The data set's name for it, without extension; it pairs video and poses.
  package var name: String
  package var label: Int
  package var subject: Int?
  package var camera: Int?
  package var setup: Int?
  /// A video file, or a folder of pictures.
  package var video: String?
  package var skeleton: String?
  /// The name of the recording it is a part of; the clip's own name if it is the whole recording.
  package var recording: String
  /// Seconds from the start of the recording; `nil` for the whole recording.
  package var part: Range<Double>?

  package init(
    name: String, label: Int, subject: Int? = nil, camera: Int? = nil, setup: Int? = nil, video: String? = nil,
    skeleton: String? = nil, recording: String? = nil, part: Range<Double>? = nil
  ) {
    self.name = name
    self.label = label
    self.subject = subject
    self.camera = camera
    self.setup = setup
    self.video = video
    self.skeleton = skeleton
    self.recording = recording ?? name
    self.part = part
  }

  /// The frames of the part; `nil` for the whole recording.
  ///
  /// - Parameters:
  ///   - count: number of frames of the recording.
  ///   - rate: frames per second.
  ///   - file: the file with the frames, for messages; the video by default.
  /// - Returns: frame numbers, at least one.
  /// - Throws: `DatasetError.unreadable` if the recording ends before the part starts.
  func frames(of count: Int, rate: Double, in file: String? = nil) throws(DatasetError) -> Range<Int>? {
    guard let part else { return nil }
    let begin = Int((part.lowerBound * rate).rounded())
    guard begin < count else {
      let length = String(format: "%.2f", Double(count) / rate)
      throw .unreadable(
        path: file ?? video ?? skeleton ?? name,
        reason: "\(name) begins at \(part.lowerBound) s, but the recording is only \(length) s long")
    }
    return begin..<min(count, max(begin + 1, Int((part.upperBound * rate).rounded())))
  }
}

extension [Clip] {
  /// The first clip of each recording.
  package var onePerRecording: [Clip] {
    var seen: Set<String> = []
    return filter { seen.insert($0.recording).inserted }
  }
}

/// What a clip is used for.
package enum Partition: String, CaseIterable, Sendable, Codable { case train, validation, test }

/// A data set's file layout and protocols; `manifest` is for your own recordings.
package enum DatasetKind: String, CaseIterable, Sendable, Codable {
  case ntu60, ntu120, smarthome, nucla, weizmann, manifest
}

/// Which data set to use, and how to split it.
package struct DatasetOptions: Hashable, Sendable {
  package var kind: DatasetKind
  /// Folder of the videos, including its subfolders.
  package var videos: String
  /// Folder of the skeletons; `nil` if they are with the videos.
  package var skeletons: String?
  /// CS, CV, CSet, CV1, CV2, cross1, cross2, cross3, or for Weizmann the test actor; a manifest has none.
  package var protocolName: String
  /// The CSV file of a `manifest`.
  package var manifest: String?
  /// Sets some training subjects aside for validation; false trains on the whole published training set.
  package var holdsOutValidation: Bool

  package init(
    kind: DatasetKind, videos: String, skeletons: String? = nil, protocolName: String = "CS", manifest: String? = nil,
    holdsOutValidation: Bool = true
  ) {
    self.holdsOutValidation = holdsOutValidation
    self.kind = kind
    self.videos = videos
    self.skeletons = skeletons
    self.protocolName = protocolName
    self.manifest = manifest
  }
}

/// What was found on disk, and what was left out and why.
package struct Inventory: Hashable, Sendable {
  /// Number of clips of each class, in label order, by partition.
  package var counts: [Partition: [Int]] = [:]
  /// Clips with a video but no poses, and vice versa.
  package var withoutPoses: [String] = []
  package var withoutVideo: [String] = []
  /// Files whose names do not belong to any clip of the data set.
  package var foreign: [String] = []
  /// Clips excluded by the data set's authors, or without a class in the protocol.
  package var dropped: [String] = []
}

/// A data set under one protocol: labels and clips.
package struct Dataset: Sendable {
  package let name: String
  package let protocolName: String
  /// Activities in logit order.
  package let labels: [String]
  package let skeletonGraph: SkeletonGraph
  package let inventory: Inventory
  private let partitions: [Partition: [Clip]]

  /// Whether the skeleton files contain joint positions in the picture, judging by the first readable one.
  package var hasBoxes: Bool {
    for partition in Partition.allCases {
      for path in clips(partition).lazy.filter({ $0.video != nil }).compactMap(\.skeleton).prefix(8) {
        guard let contents = try? SkeletonFile.contents(path, skeletonGraph) else { continue }
        if contents.places?.frames.contains(where: { $0.contains { !$0.isEmpty } }) ?? false { return true }
      }
    }
    return false
  }

  /// Frames per second, judging by the headers of the first readable videos; `nil` if none is readable.
  package var framesPerSecond: Double? {
    let videos = Partition.allCases.lazy.flatMap(clips).compactMap(\.video).prefix(15)
    let rates = videos.compactMap { try? RecordedVideo($0).information().rate }.sorted()
    return rates.isEmpty ? nil : rates[rates.count / 2]
  }

  /// The clips of a partition, sorted by name.
  package func clips(_ partition: Partition) -> [Clip] { partitions[partition] ?? [] }

  /// Finds the recordings of a data set on disk.
  ///
  /// - Throws: `DatasetError` if a folder does not exist, the protocol is unknown, or nothing was found.
  package static func open(_ options: DatasetOptions) throws(DatasetError) -> Dataset {
    switch options.kind {
    case .ntu60, .ntu120: try NTU(options).open()
    case .smarthome: try Smarthome(options).open()
    case .nucla: try NUCLA(options).open()
    case .weizmann: try Weizmann(options).open()
    case .manifest: try Manifest.open(options)
    }
  }

  init(
    name: String, protocolName: String, labels: [String], graph: SkeletonGraph, clips: [(Partition, Clip)],
    inventory: Inventory
  ) {
    self.name = name
    self.protocolName = protocolName
    self.labels = labels
    skeletonGraph = graph
    var inventory = inventory
    var partitions: [Partition: [Clip]] = [:]
    for partition in Partition.allCases {
      let own = clips.filter { $0.0 == partition }.map(\.1).sorted { $0.name < $1.name }
      var counts = [Int](repeating: 0, count: labels.count)
      for clip in own { counts[clip.label] += 1 }
      partitions[partition] = own
      inventory.counts[partition] = counts
    }
    inventory.withoutPoses = clips.filter { $0.1.skeleton == nil }.map(\.1.name).sorted()
    inventory.withoutVideo = clips.filter { $0.1.video == nil }.map(\.1.name).sorted()
    self.inventory = inventory
    self.partitions = partitions
  }
}

/// A published data set: what its file names mean, and which partition each clip is in.
protocol PublishedDataset {
  var options: DatasetOptions { get }
  var name: String { get }
  var graph: SkeletonGraph { get }
  var labels: [String] { get }
  /// True if the validation clips are part of the published training set.
  var validationMayTrain: Bool { get }

  /// The clip that a file name stands for; `nil` if it is not part of this data set.
  func clip(named name: String) -> (clip: Clip, partition: Partition?)?

  /// The recording's name for a path without extension, if folders are part of the name; `nil` if they are not.
  static func recording(at url: URL) -> String?
}

extension PublishedDataset {
  static func recording(at url: URL) -> String? { nil }

  func open() throws(DatasetError) -> Dataset {
    let media = try MediaIndex(
      videos: options.videos, skeletons: options.skeletons, naming: { Self.recording(at: $0) })
    var inventory = Inventory()
    var clips: [(Partition, Clip)] = []
    for name in Set(media.videos.keys).union(media.skeletons.keys).sorted() {
      guard let found = clip(named: name) else {
        inventory.foreign.append(name)
        continue
      }
      guard var partition = found.partition else {
        inventory.dropped.append(name)
        continue
      }
      var clip = found.clip
      if partition == .validation, validationMayTrain, !options.holdsOutValidation { partition = .train }
      clip.video = media.videos[name]
      clip.skeleton = media.skeletons[name]
      clips.append((partition, clip))
    }
    guard !clips.isEmpty else {
      throw .unreadable(
        path: options.videos,
        reason: "no file in it is named as in \(self.name); data.videos is the folder of the videos")
    }
    return Dataset(
      name: self.name, protocolName: options.protocolName, labels: labels, graph: graph, clips: clips,
      inventory: inventory)
  }
}

extension DatasetOptions {
  func refusedProtocol(_ allowed: String) -> DatasetError {
    .refused(setting: "data.protocol", value: protocolName, allowed: allowed)
  }
}
