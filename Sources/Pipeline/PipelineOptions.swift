package import ModelFile
import Networks
package import People
package import Recognition
package import Video

/// How one camera's frames become windows, people and activities: what the model asks and what the settings choose.
package struct PipelineOptions: Sendable {
  /// Who is followed, and how often the finder looks.
  package struct Following: Sendable {
    /// Finds a second; rounded to whole samples.
    package var rate = 3.0
    /// People who get a window at one hop.
    package var most = 2
    package var tracker = TrackerOptions()

    package init() {}
  }

  /// What the network is shown.
  package enum View: Sendable {
    /// The whole region as one square.
    case scene
    /// A square around each person.
    case people(Following)
  }

  /// Frames follow each other no closer than this; ticks shortly behind a frame need not wait for the next one.
  private static let closestFrames = Duration.milliseconds(8)

  package var view: View
  /// Samples of a window.
  package var frames: Int
  /// Pixels of the network's square.
  package var size: Int
  package var rate: SampleRate
  /// The model's labels, and the activities that they count for.
  package var grouping: LabelGrouping
  /// Samples from one window to the next.
  package var hop = 8
  /// Samples that scores lie behind the window that they came with; for continual windows.
  package var delay = 0
  /// How the camera is mounted: its pictures are turned so before anything else, region and mask among it.
  package var mounting = Orientation.upright
  package var region = PictureRegion.whole
  package var crop = Crop.full
  package var mask = PrivacyMask.none
  /// Decodes JPEG at full size, as in training, though a reduced size would do.
  package var decodesExactly = false
  /// Frames further apart than this leave a hole, which ends what goes on and which no window spans.
  package var longestGap = Duration.seconds(1)
  /// Without a frame for so long the camera counts as stalled; the one watchdog for silence.
  package var stallTime = Duration.seconds(2)
  /// A picture that stays the same, bit for bit, for so long is no picture of now, and the camera counts as stalled; `nil`
  /// where pictures may stand still, as in files.
  package var frozenTime: Duration?
  /// Time between pictures for people to look at; `nil` for none.
  package var previewInterval: Duration?
  /// Windows whose pictures differ by less than this, in levels of luma, are held back but for every fourth; 0 for none.
  package var stillLevel: Float = 0
  package var recognition = RecognitionOptions()

  /// - Parameters:
  ///   - card: the model's.
  ///   - view: what the network is shown.
  package init(_ card: ModelCard, view: View) {
    guard let rate = SampleRate(hertz: card.sampleRate) else {
      preconditionFailure("a model card's sample rate was checked")
    }
    self.init(
      frames: card.network.frames, size: card.network.size, rate: rate,
      grouping: LabelGrouping(labels: card.labels, families: card.families), view: view)
    crop = card.crop == .centerSquare ? .centerSquare : .full
  }

  package init(frames: Int, size: Int, rate: SampleRate, grouping: LabelGrouping, view: View) {
    (self.frames, self.size, self.rate, self.grouping, self.view) = (frames, size, rate, grouping, view)
  }

  /// What becomes of a frame that is chosen.
  var picture: SamplePicture {
    switch view {
    case .scene: .clip(ClipPreprocessing(size: size, region: region, crop: crop, mask: mask))
    case .people: .working(WorkingPicture(region: region, mask: mask))
    }
  }

  var sampler: FrameSampler {
    FrameSampler(
      picture, mounting: mounting,
      sampler: TimeSampler(rate: rate, maximumGap: longestGap, minimumFrameInterval: Self.closestFrames))
  }
}
