// SPDX-License-Identifier: MPL-2.0
//! Servers in containers: what starts, stops, breaks and freezes one; needs a Docker engine of this machine.
//!
//! A container shares the machine's network, so its server stands on a loopback port as a program's does: what it asks
//! of (PostgreSQL, the API of Kubernetes) is where a program would find it, and its port is the same after a restart. One
//! directory is shared too, so its logs are files that grow while it runs.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use testcontainers::core::Mount;
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt as _};
use tokio::runtime::Runtime;

use super::choice::{Image, VARIABLE};

/// A container, removed on drop. One of a test run that was killed stays: `docker ps` shows it.
#[derive(Debug)]
pub(super) struct Container {
    inner: Option<Box<ContainerAsync<GenericImage>>>,
    image: Image,
}

/// What to start.
pub(super) struct Launch<'a> {
    pub(super) image: &'a Image,
    /// A line of shell that ends by executing the server; `"$@"` is `args`.
    pub(super) script: &'a str,
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(&'a str, &'a str)>,
    /// `uid:gid`; `None`: the image's own.
    pub(super) user: Option<String>,
    /// The directory that is [`SHARED`] inside.
    pub(super) dir: &'a Path,
}

/// Where the shared directory is in the container.
pub(super) const SHARED: &str = "/appenv";

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("threads can be started"));

// === impl Container ===

impl Container {
    pub(super) fn start(launch: Launch<'_>) -> Self {
        let image = launch.image.clone();
        let request = request(launch);
        let inner =
            RUNTIME.block_on(request.start()).unwrap_or_else(|error| cannot(&image, &error));
        Self { inner: Some(Box::new(inner)), image }
    }

    /// Waits until `ready` holds; panics with the end of `log` where the server ends first or 120 s pass.
    pub(super) fn wait_until(&self, log: &Path, ready: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(120);
        while !ready() {
            let running = RUNTIME.block_on(self.inner().is_running());
            if !running.is_ok_and(|running| running) || Instant::now() > deadline {
                let said = fs::read_to_string(log).unwrap_or_default();
                panic!("{} does not answer; its log:\n{said}", self.image);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills the server at once.
    pub(super) fn kill(&self) {
        self.told("stop", RUNTIME.block_on(self.inner().stop_with_timeout(Some(0))));
    }

    /// Asks the server to end, as its image says, and waits.
    pub(super) fn stop(&self) {
        self.told("stop", RUNTIME.block_on(self.inner().stop_with_timeout(Some(30))));
    }

    /// Starts a stopped one again, with the files it had.
    pub(super) fn start_again(&self) {
        self.told("start", RUNTIME.block_on(self.inner().start()));
    }

    /// Freezes every process in it: connections stay open and nothing answers.
    pub(super) fn freeze(&self) {
        self.told("pause", RUNTIME.block_on(self.inner().pause()));
    }

    /// Lets a frozen one go on.
    pub(super) fn thaw(&self) {
        self.told("unpause", RUNTIME.block_on(self.inner().unpause()));
    }

    fn inner(&self) -> &ContainerAsync<GenericImage> {
        self.inner.as_ref().expect("it is taken on drop only")
    }

    fn told(&self, what: &str, done: testcontainers::core::error::Result<()>) {
        done.unwrap_or_else(|error| {
            panic!("cannot {what} the container of {}: {error}", self.image)
        });
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if let Some(container) = self.inner.take() {
            RUNTIME.block_on(async { container.rm().await.ok() });
        }
    }
}

/// Fetches an image that is not there yet, which takes minutes: a free port is looked for behind it.
pub(super) fn pull(image: &Image) {
    let generic = GenericImage::new(image.product.repository(), &image.tag);
    if let Err(error) = RUNTIME.block_on(generic.pull_image()) {
        cannot(image, &error)
    }
}

fn cannot(image: &Image, error: &testcontainers::TestcontainersError) -> ! {
    panic!(
        "cannot start {image} in a container, as {VARIABLE} asks: {error}. Next: start a Docker engine on this machine that \
         can have the image (it is found by DOCKER_HOST, else at /var/run/docker.sock; `docker info` and `docker pull \
         {image}` tell more), or leave {VARIABLE} out to use programs of this machine"
    )
}

fn request(launch: Launch<'_>) -> ContainerRequest<GenericImage> {
    let Launch { image, script, args, env, user, dir } = launch;
    let mut command = vec!["-c".to_owned(), script.to_owned(), "server".to_owned()];
    command.extend(args);
    let mut request = GenericImage::new(image.product.repository(), &image.tag)
        .with_entrypoint("sh")
        .with_cmd(command)
        .with_network("host")
        .with_startup_timeout(Duration::from_secs(600))
        .with_mount(Mount::bind_mount(dir.display().to_string(), SHARED));
    for (name, value) in env {
        request = request.with_env_var(name, value);
    }
    match user {
        Some(user) => request.with_user(user),
        None => request,
    }
}

/// Opens a directory and files in it to whoever a server runs as in its container.
pub(super) fn share(dir: &Path, files: &[&str]) {
    let open = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .unwrap_or_else(|error| panic!("cannot open {}: {error}", path.display()));
    };
    open(dir, 0o777);
    for name in files {
        let file = dir.join(name);
        File::create(&file)
            .unwrap_or_else(|error| panic!("cannot make {}: {error}", file.display()));
        open(&file, 0o666);
    }
}
