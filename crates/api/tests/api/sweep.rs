//! Every route of the table is closed to whom it should be: strangers, outsiders, and members of too low a role.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use wfm_api::{Access, RouteInfo, openapi::document, routes};
use wfm_application::security::permission::Permission;
use wfm_domain::role::Role;

use crate::support::{TestApp, World};

/// The route's path with ids of things in the world.
fn path(route: &RouteInfo, world: &World, user: i64, key: i64, parameter: i64, step: i64, run: &str) -> String {
    let template = route.path;
    let id = match template.split('/').nth(3).unwrap_or_default() {
        "users" => user.to_string(),
        "api-keys" => key.to_string(),
        "workspaces" => world.workspace.to_string(),
        "projects" => world.project.to_string(),
        "environments" => world.environment.to_string(),
        "api-endpoints" => world.endpoint.to_string(),
        "workflows" => world.workflow.to_string(),
        "executions" => run.to_owned(),
        // The first one, asked for while preparing.
        "approvals" | "jobs" => "1".to_owned(),
        "webhooks" => world.workflow.to_string(),
        "streams" => format!("workflow-{}", world.workflow),
        _ => String::new(),
    };
    let path = template
        .replace("{id}", &id)
        .replace("{userId}", &user.to_string())
        .replace("{parameterId}", &parameter.to_string())
        .replace("{stepId}", &step.to_string())
        .replace("{name}", "read-models");
    match template {
        "/api/v1/events" | "/api/v1/streams" | "/api/v1/jobs" => format!("{path}?workspaceId={}", world.workspace),
        // Only a step of a version that is named has a tag.
        "/api/v1/workflows/{id}/steps/{stepId}" if route.method == Method::GET => format!("{path}?version=1"),
        "/api/v1/schedules/preview" => format!("{path}?cronExpression=0+9+*+*+MON"),
        _ => path,
    }
}

/// A body that is well formed, so that nothing but the right is in question.
fn body(route: &RouteInfo, world: &World) -> Option<Value> {
    let named = json!({"name": "Anything"});
    Some(match (route.method.as_str(), route.path) {
        ("POST", "/api/v1/users") => {
            json!({"firstName": "a", "lastName": "b", "email": "new@example.com", "password": "12345678"})
        }
        ("POST", "/api/v1/users/{id}/password") => json!({"newPassword": "another horse"}),
        ("POST", "/api/v1/api-keys") => json!({"name": "key", "userId": 1}),
        ("POST", "/api/v1/workspaces") => named,
        ("POST", "/api/v1/projects") => json!({"workspaceId": world.workspace, "name": "Another"}),
        ("POST", "/api/v1/environments") => json!({"projectId": world.project, "name": "Another"}),
        ("POST", "/api/v1/api-endpoints") => {
            json!({"workspaceId": world.workspace, "name": "Another", "url": "https://api.example.com", "method": "GET"})
        }
        ("POST", "/api/v1/api-endpoints/{id}/parameters") => named,
        ("POST", "/api/v1/workflows") => {
            json!({"projectId": world.project, "environmentId": world.environment, "name": "Another"})
        }
        ("POST", "/api/v1/workflows/{id}/steps") => json!({"name": "another", "apiEndpointId": world.endpoint}),
        ("PUT", "/api/v1/workflows/{id}/steps/order") => json!({"steps": []}),
        ("PUT", "/api/v1/environments/{id}/variables/{name}") => json!("value"),
        ("PUT", "/api/v1/workspaces/{id}/members/{userId}") => json!({"role": "Viewer"}),
        ("PUT", "/api/v1/workflows/{id}/schedule") => json!({"cronExpression": "0 9 1 1 *"}),
        ("POST", "/api/v1/executions/bulk") => {
            json!({"action": "cancel", "filter": {"workspaceId": world.workspace}, "dryRun": true})
        }
        ("POST", "/api/v1/workflows/{id}/approvals") => json!({"approvalType": "Publish"}),
        ("PATCH", _) => json!({}),
        _ => return None,
    })
}

/// The highest role below `minimum`.
fn below(minimum: Role) -> Option<Role> {
    Role::ALL.into_iter().find(|role| !role.at_least(minimum))
}

struct Sweep {
    test: TestApp,
    world: World,
    user: i64,
    key: i64,
    parameter: i64,
    step: i64,
    run: String,
}

impl Sweep {
    async fn send(&self, route: &RouteInfo, token: Option<&str>) -> crate::support::Answer {
        self.send_knowing(route, token, None).await
    }

    /// The same for who has the entity with one of these tags.
    async fn send_knowing(&self, route: &RouteInfo, token: Option<&str>, tags: Option<&str>) -> crate::support::Answer {
        let path = path(
            route,
            &self.world,
            self.user,
            self.key,
            self.parameter,
            self.step,
            &self.run,
        );
        let mut call = self.test.call(route.method.clone(), &path);
        if let Some(tags) = tags {
            call = call.header("if-none-match", tags);
        }
        if let Some(token) = token {
            call = call.token(token);
        }
        if let Some(body) = body(route, &self.world) {
            call = call.json(body);
        }
        call.send().await
    }
}

async fn prepare() -> Sweep {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    let run = test
        .act(&format!("/api/v1/workflows/{}/executions?wait=30", world.workflow))
        .await
        .expect(200);
    let run = run.json()["id"].as_str().unwrap().to_owned();
    let parameter = test
        .get(&format!("/api/v1/api-endpoints/{}", world.endpoint))
        .await
        .json()["parameters"][0]["id"]
        .clone();
    let step = test.get(&format!("/api/v1/workflows/{}", world.workflow)).await.json()["steps"][0]["id"].clone();
    let schedule = format!("/api/v1/workflows/{}/schedule", world.workflow);
    let yearly = json!({"cronExpression": "0 9 1 1 *"});
    test.call(Method::PUT, &schedule)
        .admin()
        .json(yearly)
        .send()
        .await
        .expect(200);
    let approvals = format!("/api/v1/workflows/{}/approvals", world.workflow);
    let asked = test.post(&approvals, json!({"approvalType": "Publish"})).await;
    assert_eq!(asked.expect(201).id(), 1);
    let resume = json!({"action": "resume", "filter": {"workspaceId": world.workspace}});
    let job = test.post("/api/v1/executions/bulk", resume).await.expect(202);
    assert_eq!(job.json()["jobId"], 1);
    let (user, _) = test.user("target", "Viewer").await;
    let key = test
        .post("/api/v1/api-keys", json!({"name": "target"}))
        .await
        .expect(201)
        .id();
    let (parameter, step) = (parameter.as_i64().unwrap(), step.as_i64().unwrap());
    Sweep {
        test,
        world,
        user,
        key,
        parameter,
        step,
        run,
    }
}

#[tokio::test]
async fn strangers_get_in_nowhere() {
    let sweep = prepare().await;
    for route in routes() {
        let answer = sweep.send_knowing(route, None, Some("*")).await;
        if route.access == Access::Signed {
            let problem = answer.json();
            let kind = "/problems/unauthenticated";
            assert_eq!(
                (answer.status, &problem["type"]),
                (StatusCode::UNAUTHORIZED, &json!(kind)),
                "{problem}"
            );
        } else if route.access == Access::Public {
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{route:?}");
        } else {
            answer.problem(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn outsiders_do_not_learn_that_a_workspace_exists() {
    let sweep = prepare().await;
    let (_, manager) = sweep.test.user("manager", "ProjectManager").await;
    let (_, outsider) = sweep.test.user("outsider", "Viewer").await;
    for route in routes() {
        // Everything of the workspace is invisible, also to global roles below Admin.
        let is_of_workspace = route.is_workspace_scoped() || route.path.starts_with("/api/v1/api-endpoints/");
        for token in [&manager, &outsider] {
            let answer = sweep.send_knowing(route, Some(token), Some("*")).await;
            if is_of_workspace {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{route:?}: {}", answer.text);
            } else if route.path == "/api/v1/schedules/preview" {
                assert_eq!(answer.status, StatusCode::OK, "{route:?}: {}", answer.text);
            } else if route.access == Access::SignedIn && route.path != "/api/v1/auth/me" {
                assert_eq!(answer.json()["items"], json!([]), "{route:?}: {}", answer.text);
            }
        }
        let answer = sweep.send(route, Some(&outsider)).await;
        match route.access {
            Access::Global(_) | Access::Own(_) => answer.problem(403, "forbidden").clear(),
            Access::Public | Access::Signed | Access::SignedIn | Access::Workspace(_) | Access::Endpoint => {}
        }
    }
}

#[tokio::test]
async fn members_of_too_low_a_role_are_refused() {
    let sweep = prepare().await;
    let mut members = Vec::new();
    for role in Role::ALL {
        let (id, token) = sweep.test.user(&format!("member-{}", role.name()), "Viewer").await;
        let path = format!("/api/v1/workspaces/{}/members/{id}", sweep.world.workspace);
        let role_body = json!({"role": role.name()});
        sweep
            .test
            .call(Method::PUT, &path)
            .admin()
            .json(role_body)
            .send()
            .await
            .expect(200);
        members.push((role, token));
    }
    let token = |role: Role| {
        members
            .iter()
            .find(|(candidate, _)| *candidate == role)
            .map(|(_, token)| token.as_str())
    };
    for route in routes().iter().filter(|route| route.is_workspace_scoped()) {
        let minimum = route.permission().and_then(Permission::in_workspace).unwrap();
        if let Some(low) = below(minimum) {
            let answer = sweep.send_knowing(route, token(low), Some("*")).await;
            assert_eq!(
                answer.status,
                StatusCode::FORBIDDEN,
                "{route:?} as {low:?}: {}",
                answer.text
            );
        }
        if route.method == Method::GET {
            let answer = sweep.send(route, token(minimum)).await;
            assert_eq!(
                answer.status,
                StatusCode::OK,
                "{route:?} as {minimum:?}: {}",
                answer.text
            );
        }
    }
}

#[tokio::test]
async fn admins_read_everything() {
    let sweep = prepare().await;
    let admin = sweep.test.admin.clone();
    for route in routes()
        .iter()
        .filter(|route| route.method == Method::GET && route.path.starts_with("/api/"))
    {
        let answer = sweep.send(route, Some(&admin)).await;
        assert_eq!(answer.status, StatusCode::OK, "{route:?}: {}", answer.text);
    }
}

#[tokio::test]
async fn an_entity_that_is_known_is_not_sent_again() {
    let sweep = prepare().await;
    let admin = Some(sweep.test.admin.as_str());
    let document: Value = serde_json::from_str(&document().to_json().unwrap()).unwrap();
    let mut tagged = 0;
    for route in routes().iter().filter(|route| route.method == Method::GET) {
        let documented = &document["paths"][&route.path.replace("{*", "{")]["get"]["responses"]["304"];
        let first = sweep.send(route, admin).await;
        let Some(tag) = first.headers.get("etag") else {
            assert!(documented.is_null(), "{route:?} is said to have a tag");
            continue;
        };
        assert!(documented.is_object(), "{route:?} has a tag");
        let tag = tag.to_str().unwrap();
        for known in [tag, &format!("W/{tag}"), "*", &format!("\"0\", {tag}")] {
            let again = sweep.send_knowing(route, admin, Some(known)).await;
            assert_eq!(
                (again.status, again.text.as_str()),
                (StatusCode::NOT_MODIFIED, ""),
                "{route:?} {known}"
            );
            assert_eq!(again.header("etag"), tag, "{route:?}");
            assert!(!again.headers.contains_key("content-type"), "{route:?}");
            assert!(!again.header("x-request-id").is_empty(), "{route:?}");
        }
        let other = sweep.send_knowing(route, admin, Some("\"0\"")).await;
        assert_eq!((other.status, &other.text), (StatusCode::OK, &first.text), "{route:?}");
        tagged += 1;
    }
    assert!(tagged >= 12, "{tagged} routes have a tag");

    let path = format!("/api/v1/workflows/{}", sweep.world.workflow);
    let known = sweep.test.get(&path).await.header("etag").to_owned();
    let again = async || {
        let call = sweep.test.call(Method::GET, &path).admin();
        call.header("if-none-match", &known).send().await.status
    };
    assert_eq!(again().await, StatusCode::NOT_MODIFIED);
    // What a workflow shows of others changes without a new tag.
    let endpoint = format!("/api/v1/api-endpoints/{}", sweep.world.endpoint);
    sweep
        .test
        .patch(&endpoint, json!({"description": "another"}))
        .await
        .expect(200);
    let shows_more = sweep.test.get(&path).await.json()["outdatedEndpoints"] != json!([]);
    assert_eq!(again().await == StatusCode::OK, shows_more);
    sweep
        .test
        .patch(&path, json!({"description": "another"}))
        .await
        .expect(200);
    assert_eq!(again().await, StatusCode::OK);
}
