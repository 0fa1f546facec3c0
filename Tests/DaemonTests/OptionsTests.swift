import Capture
import ModelFile
import Networks
import Pipeline
import Settings
import Testing
import Video

@testable import Daemon

@Suite struct `Settings as options` {
  private func settings(_ camera: String = "", _ rest: String = "") throws -> DaemonSettings {
    try DaemonSettings.parse(
      "model: {path: m}\ncameras:\n  - {name: room, source: synthetic:1\(camera)}\n\(rest)", path: "test",
      hostName: "host")
  }

  private func card(_ region: ModelCard.Region?) throws -> ModelCard {
    ModelCard(
      network: try StudentNetwork(width: WidthMultiplier(0.25), frames: 16, size: 112, classes: 1), name: "made",
      labels: ["Walk"], sampleRate: 12, region: region)
  }

  @Test func `camera options request nothing that is not set`() throws {
    let options = SourceOptions(try settings().cameras[0], sampleRate: 12)
    #expect(options.camera.size == nil && options.camera.rate == nil && options.camera.format == nil)
    #expect(options.camera.sampleRate == 12)
  }

  @Test func `camera options request what is set`() throws {
    let camera = try settings(", size: 320x240, rate: 10, format: yuyv").cameras[0]
    let options = SourceOptions(camera, sampleRate: 12)
    #expect(options.camera.size == FrameSize(width: 320, height: 240))
    #expect(options.camera.rate == 10 && options.camera.format == .native(.yuyv))
  }

  @Test(
    arguments: [
      ("", Orientation.upright), (", rotate: 90", Orientation(quarterTurns: 1)),
      (", rotate: 180", Orientation(quarterTurns: 2)), (", rotate: 270", Orientation(quarterTurns: 3)),
      (", flip: horizontal", Orientation(isMirrored: true)),
      (", flip: vertical", Orientation(quarterTurns: 2, isMirrored: true)),
      // Rotated clockwise first, then mirrored left to right: EXIF's 5.
      (", rotate: 90, flip: horizontal", Orientation(quarterTurns: 3, isMirrored: true)),
    ])
  func `camera options turn the picture upright`(camera: String, expected: Orientation) throws {
    let settings = try settings(camera)
    #expect(try PipelineOptions(settings.cameras[0], settings, card(nil)).mounting == expected)
  }

  @Test func `options apply the stall time to cameras and streams`() throws {
    let settings = try settings(", stallSeconds: 30")
    #expect(try PipelineOptions(settings.cameras[0], settings, card(nil)).stallTime == .seconds(30))
    #expect(SourceOptions(settings.cameras[0], sampleRate: 15).media.stallTimeout == .seconds(30))
  }

  @Test(
    arguments: [
      ("", nil, false), ("", ModelCard.Region.person, true), ("", .scene, false), ("{mode: people}", .scene, true),
      ("{mode: scene}", .person, false), ("{detector: d.onnx}", nil, true), ("{detector: d.onnx}", .scene, false),
    ] as [(String, ModelCard.Region?, Bool)])
  func `people are analysed according to the setting, or to the model's card`(
    people: String, region: ModelCard.Region?, looksAtPeople: Bool
  ) throws {
    let settings = try settings("", people.isEmpty ? "" : "people: \(people)\n")
    let options = try PipelineOptions(settings.cameras[0], settings, card(region))
    let isPeople = if case .people = options.view { true } else { false }
    #expect(isPeople == looksAtPeople)
  }

  @Test func `settings that do not fit the model cause a warning`() throws {
    func warning(_ people: String, _ region: ModelCard.Region?) throws -> String? {
      try settings("", "people: \(people)\n").people.mismatch(card(region))
    }
    #expect(try warning("{mode: people}", .scene)?.hasPrefix("people.mode is people, but") == true)
    #expect(try warning("{mode: scene}", .person)?.hasPrefix("people.mode is scene, but") == true)
    #expect(try warning("{mode: scene, detector: d.onnx}", nil)?.hasPrefix("people.detector is not used") == true)
    #expect(try warning("{mode: auto}", .person) == nil)
  }
}
