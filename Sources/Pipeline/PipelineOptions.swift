package import ModelFile
import Networks
package import People
package import Recognition
package import Video

/// How one camera's frames become windows, people and activities: the model's requirements and the settings' choices.
package struct PipelineOptions: Sendable {
  /// How people are tracked, and how often the finder is asked.
  package struct Following: Sendable {
    /// Searches per second; rounded to whole samples.
    package var rate = 3.0
    /// How many people get a window per hop.
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

  /// Frames are never closer together than this, so ticks shortly after a frame need not wait for the next one.
  private static let closestFrames = Duration.milliseconds(8)

  package var view: View
  /// Samples per window.
  package var frames: Int
  /// Side of the network's square in pixels.
  package var size: Int
  package var rate: SampleRate
  /// The model's labels, and the activities they belong to.
  package var grouping: LabelGrouping
  /// Samples between two windows.
  package var hop = 8
  /// How many samples results lag behind their windows; for continual windows.
  package var delay = 0
  /// How the camera is mounted: its pictures are rotated accordingly before anything else, including region and mask.
  package var mounting = Orientation.upright
  package var region = PictureRegion.whole
  package var crop = Crop.full
  package var mask = PrivacyMask.none
  /// Decodes JPEG at full size, as in training, even if a reduced size would suffice.
  package var decodesExactly = false
  /// Frames further apart than this form a gap, which ends what is going on and which no window spans.
  package var longestGap = Duration.seconds(1)
  /// After this time without a frame the camera counts as stalled; nothing else watches for silence.
  package var stallTime = Duration.seconds(2)
  /// A picture that stays the same, bit for bit, for this long is not live, and the camera counts as stalled; `nil` if
  /// pictures may stand still, as in files.
  package var frozenTime: Duration?
  /// Time between preview pictures; `nil` for none.
  package var previewInterval: Duration?
  /// If the pictures of a window differ by less than this, in levels of luma, only every fourth such window is scored;
  /// 0 turns this off.
  package var stillLevel: Float = 0
  package var recognition = RecognitionOptions()

  /// - Parameters:
  ///   - card: the model's card.
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

  /// How a chosen frame is prepared.
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
